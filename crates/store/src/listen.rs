//! Listening: what has changed is heard of at once. This process rings its own; on PostgreSQL the server rings for what others
//! commit. Whoever listens looks from time to time all the same: a bell that was not heard costs time, never the work.

use std::{sync::atomic::Ordering, time::Duration};

use secrecy::ExposeSecret as _;
use sqlx::postgres::PgListener;
use tokio::sync::futures::Notified;

use crate::store::{Home, SqlStore};

/// The channel on which the server rings.
const CHANNEL: &str = "watchkeeper";
/// The pause before a server that is away is listened to again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What others have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rang {
    /// Steps were planned, answered or left.
    Steps,
    /// Messages were written or left.
    Outbox,
}

impl SqlStore {
    /// How many gates this process has set: who knows the gates as of an earlier number does not know them.
    pub fn gates_set(&self) -> u64 {
        self.bells.gates_set.load(Ordering::Acquire)
    }

    /// Rung when a gate may have been set, by whomever.
    pub fn gates_rung(&self) -> Notified<'_> {
        self.bells.gates.notified()
    }

    /// This process has committed a gate.
    pub(crate) fn ring_gates(&self) {
        self.bells.gates_set.fetch_add(1, Ordering::AcqRel);
        self.bells.gates.notify_waiters();
    }

    /// Listens to what others commit, for as long as it is polled; where nobody else rings it waits for ever.
    pub async fn listen(&self, heard: impl Fn(Rang)) {
        let Home::Server { url, .. } = &*self.home else { return std::future::pending().await };
        loop {
            if let Err(error) = self.hear(url.expose_secret(), &heard).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "the store's bells are not heard");
            }
            // What rang meanwhile was not heard.
            self.bells.gates.notify_waiters();
            heard(Rang::Steps);
            heard(Rang::Outbox);
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    async fn hear(&self, url: &str, heard: &impl Fn(Rang)) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect(url).await?;
        let schema: String = sqlx::query_scalar("SELECT current_schema()").fetch_one(&mut listener).await?;
        listener.listen(CHANNEL).await?;
        while let Some(rang) = listener.try_recv().await? {
            match rang.payload().strip_prefix(&schema).and_then(|rest| rest.strip_prefix('.')) {
                Some("gate") => self.bells.gates.notify_waiters(),
                Some("step") => heard(Rang::Steps),
                Some("outbox") => heard(Rang::Outbox),
                _ => {}
            }
        }
        Ok(())
    }
}
