//! Messages on their way, and how each delivery ended.

use std::{fmt, time::Duration};

use serde::Serialize;
use watchkeeper_model::{Message, Name, Time};

use crate::ports::notifier::Thread;

/// A message to enqueue on one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The incident; absent for a warning.
    pub incident: Option<String>,
    /// The run and step whose end cancels it: overdue messages only.
    pub overdue_for: Option<(String, Name)>,
    /// Whether acknowledging the incident cancels it: reminders and escalations.
    pub until_acknowledged: bool,
    /// Whom it is for: when the channel refuses it, or is gone, another of theirs takes it.
    pub team: Option<Name>,
    /// The channel.
    pub channel: Name,
    /// The one mailbox of a channel that has several.
    pub receiver: Option<String>,
    /// The earliest time it is sent.
    pub not_before: Time,
    /// How often it repeats until acknowledged.
    pub repeat: Option<Duration>,
    /// What it says; the store fills in the ledger's head.
    pub message: Message,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// The peer took it; its own reference, where it gives one.
    Sent(Option<String>),
    /// It is not tried again, and why.
    GivenUp(String),
    /// It is tried again.
    Again {
        /// What went wrong.
        reason: String,
        /// When.
        at: Time,
    },
}

impl fmt::Display for Delivered {
    /// As it is kept and shown: `sent`, `failed: …` or `retry: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(_) => f.write_str("sent"),
            Self::GivenUp(reason) => write!(f, "failed: {reason}"),
            Self::Again { reason, .. } => write!(f, "retry: {reason}"),
        }
    }
}

/// What is the matter with a part of the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// `store`, `outbox`, `steps`, `monitor loan-auc`, …
    pub part: String,
    /// When it began.
    pub since: Time,
    /// How often it failed since then.
    pub failures: u32,
    /// The newest reason.
    pub message: String,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unreadable {
    /// Which: `message 17`, `step restart of run 3f2a…`, …
    pub row: String,
    /// Why.
    pub reason: String,
}

/// A message to send.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxItem {
    /// Its number.
    pub id: i64,
    /// Whom it is for.
    pub team: Option<Name>,
    /// The channel.
    pub channel: Name,
    /// The one mailbox of a channel that has several.
    pub receiver: Option<String>,
    /// What it says, the ledger's head filled in.
    pub message: Message,
    /// The story that it belongs to, where it has begun on this channel.
    pub thread: Option<Thread>,
    /// How often it was tried before.
    pub attempts: u32,
}
