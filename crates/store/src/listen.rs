//! Listening: what has changed is heard of at once. This process rings its own; on PostgreSQL the server rings for what others
//! commit. Whoever listens looks from time to time all the same: a bell that was not heard costs time, never the work.

use std::{
    fs,
    sync::atomic::Ordering,
    time::{Duration, SystemTime},
};

use secrecy::ExposeSecret as _;
use sqlx::postgres::PgListener;
use tokio::sync::futures::Notified;

use crate::{
    place::LOG,
    store::{Home, SqlStore},
};

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

/// A state of the gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatesMark {
    /// How many gates this process has set.
    set: u64,
    /// When a file's log was written last, and its length.
    log: Option<(SystemTime, u64)>,
}

impl SqlStore {
    /// What changes when a gate may have been set: who knows the gates as of another mark does not know them. Of a file it
    /// changes whoever writes to it; of a server, only what this process does shows here, and the rest rings.
    pub fn gates_mark(&self) -> GatesMark {
        let log = self.folder().and_then(|folder| fs::metadata(folder.join(LOG)).ok());
        GatesMark {
            set: self.bells.gates_set.load(Ordering::Acquire),
            log: log.and_then(|log| Some((log.modified().ok()?, log.len()))),
        }
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
