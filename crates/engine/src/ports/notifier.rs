//! Notifications: at least once.

use std::time::Duration;

use async_trait::async_trait;
use watchkeeper_model::{Message, Name};

/// Sends messages on named channels.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Sends one message to one place.
    async fn send(&self, to: To<'_>, message: &Message) -> Delivery;
}

/// Where a message goes.
#[derive(Debug, Clone, Copy)]
pub struct To<'a> {
    /// The channel.
    pub channel: &'a Name,
    /// The one mailbox of a channel that has several; all of them when absent.
    pub receiver: Option<&'a str>,
    /// The story that it belongs to, on a channel that can tell one.
    pub thread: Option<&'a Thread>,
}

/// Where the story of an incident began on a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    /// What the channel called its first message.
    pub reference: String,
    /// That message.
    pub root: Message,
}

impl<'a> To<'a> {
    /// A channel, and everybody on it.
    pub fn channel(channel: &'a Name) -> Self {
        Self { channel, receiver: None, thread: None }
    }
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
    /// Refused as a peer does that is being deployed, or whose credential is being replaced: tried for some minutes.
    Unwell(String),
    /// Trying again cannot help: an unknown channel, a mailbox that does not exist.
    Refused(String),
}
