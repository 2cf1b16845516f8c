//! Notifications: at least once.

use std::time::Duration;

use async_trait::async_trait;
use watchkeeper_model::{Message, Name};

/// Sends messages on named channels.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Sends one message on one channel.
    async fn send(&self, channel: &Name, message: &Message) -> Delivery;
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The peer took it; its own reference, where it gives one.
    Sent(Option<String>),
    /// Worth trying again, not before the peer's own wish where it has one.
    Retry {
        /// What went wrong.
        reason: String,
        /// The peer's `Retry-After`.
        after: Option<Duration>,
    },
    /// Trying again cannot help: a refused credential, an unknown channel.
    Refused(String),
}
