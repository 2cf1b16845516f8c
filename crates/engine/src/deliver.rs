//! Deliver: the outbox, at least once.

use std::time::Duration;

use futures::future::join_all;
use watchkeeper_model::Time;

use crate::{
    Engine, EngineError,
    ports::{notifier::Delivery, store::OutboxItem},
    watch::source_of,
};

/// Messages taken from the outbox at once.
const BATCH: u32 = 32;
/// Deliveries tried before a message is given up: about a day of attempts.
const ATTEMPTS_MAX: u32 = 100;
/// The longest pause between attempts, whatever a peer asks for.
const BACKOFF_MAX: Duration = Duration::from_secs(15 * 60);

impl Engine {
    /// Sends every message that is due now, and waits for them.
    pub(crate) async fn deliver_due(&self) -> Result<(), EngineError> {
        loop {
            let items = self.take_due().await?;
            if items.is_empty() {
                return Ok(());
            }
            for delivered in join_all(items.iter().map(|item| self.deliver(item))).await {
                delivered?;
            }
        }
    }

    /// Takes messages that are due; nobody else is given them until their delivery is recorded.
    pub(crate) async fn take_due(&self) -> Result<Vec<OutboxItem>, EngineError> {
        let now = self.ports.clock.now();
        self.insist(|| self.ports.store.due(now, BATCH)).await
    }

    pub(crate) async fn deliver_logged(&self, item: &OutboxItem) {
        if let Err(error) = self.deliver(item).await {
            tracing::error!(message = %item.message.id, error = source_of(&error), "a delivery cannot be recorded");
        }
        // What this delivery held back, or its next attempt, may be due earlier than the outbox is looked at.
        self.outbox.notify_one();
    }

    async fn deliver(&self, item: &OutboxItem) -> Result<(), EngineError> {
        let delivery = self.ports.notifier.send(&item.channel, &item.message).await;
        let now = self.ports.clock.now();
        let (outcome, retry_at) = match delivery {
            Delivery::Sent(_) => ("sent".to_owned(), None),
            Delivery::Refused(reason) => (format!("failed: {reason}"), None),
            Delivery::Retry { reason, .. } if item.attempts + 1 >= ATTEMPTS_MAX => {
                (format!("failed: {reason} (given up after {ATTEMPTS_MAX} attempts)"), None)
            }
            Delivery::Retry { reason, after } => {
                let pause = after.unwrap_or_else(|| backoff(item.attempts)).min(BACKOFF_MAX);
                (format!("retry: {reason}"), Some(now + pause))
            }
        };
        if outcome != "sent" {
            tracing::warn!(channel = %item.channel, message = %item.message.id, %outcome, "notification not delivered");
        }
        self.insist(|| self.ports.store.delivered(item, &outcome, retry_at, now)).await
    }

    /// When the next message is due.
    pub(crate) async fn next_delivery(&self) -> Result<Option<Time>, EngineError> {
        Ok(self.ports.store.next_due().await?)
    }
}

/// 5 s, 10 s, 20 s … up to a quarter of an hour.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(5).saturating_mul(2_u32.saturating_pow(attempts.min(10))).min(BACKOFF_MAX)
}
