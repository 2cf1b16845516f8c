//! Actions: effects on the outside, always after a committed intent.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use watchkeeper_model::{Action, Outcome};

/// Performs every kind of action but `gate`, which is a transaction of the store.
#[async_trait]
pub trait Actions: Send + Sync {
    /// Sends it once. Must return within `call.timeout`; what is not known by then is `Outcome::Unknown`.
    async fn perform(&self, call: &ActionCall) -> ActionEnd;
    /// Looks for the mark that an earlier `perform` of the same call leaves at the peer (guarantee `probe`).
    async fn probe(&self, call: &ActionCall) -> Probe;
    /// Reads what is recorded with the intent: what undoing goes back to, and whether it may be sent at all.
    async fn before(&self, _call: &ActionCall) -> Before {
        Before::Nothing
    }
    /// Reads back whether it did what it should.
    async fn after(&self, call: &ActionCall) -> After {
        After::Unreadable(format!("a {} step cannot be read back", call.action.kind()))
    }
}

/// One action, ready to be sent. Equal calls send equal bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionCall {
    /// The run's id: ten hex digits.
    pub run: String,
    /// H(incident, runbook digest, step), 64 hex digits: the peer's idempotency key.
    pub idempotency_key: String,
    /// The incident's id.
    pub incident: String,
    /// With every placeholder filled in.
    pub action: Action,
    /// The total time limit.
    pub timeout: Duration,
    /// An issue's key: of an earlier incident of the same monitor and group, to be taken up again; or of this incident, to
    /// be told that it is over.
    pub reopen: Option<String>,
    /// What was read before it was sent, as recorded with its intent.
    pub before: Option<Value>,
    /// What the peer called its result, once it has ended.
    pub reference: Option<String>,
    /// How often it is tried again where that cannot act twice; as its kind does when absent.
    pub retries: Option<u32>,
    /// How often the step was begun, this time included.
    pub attempt: u32,
    /// Whether all of this is a drill, which is said wherever it reaches.
    pub drill: bool,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEnd {
    /// `Done`, `Failed` or `Unknown`.
    pub outcome: Outcome,
    /// For people: an exit code, an answer, a reason. Secrets are masked.
    pub detail: String,
    /// What the peer calls its result: an issue key.
    pub reference: Option<String>,
}

/// What probing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// Our mark, with the peer's reference.
    Found(String),
    /// No mark so far.
    Absent,
    /// The peer could not be asked, and why.
    Unreachable(String),
}

/// What was read before an action is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// The state to go back to.
    Seen(Value),
    /// There is nothing to read.
    Nothing,
    /// It must not be sent: its target is not there, was moved, or does not let us.
    Refused(String),
}

/// What was read after an action has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// It did what it should, and how that shows.
    AsWanted(String),
    /// Not so far, and how it stands.
    NotYet(String),
    /// It did not, and will not.
    Failed(String),
    /// The peer could not be asked, and why.
    Unreadable(String),
}

impl ActionEnd {
    /// It did what it should.
    pub fn done(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Done, detail: detail.into(), reference: None }
    }

    /// It did not, for certain.
    pub fn failed(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, detail: detail.into(), reference: None }
    }

    /// It may have run or may yet run.
    pub fn unknown(detail: impl Into<String>) -> Self {
        Self { outcome: Outcome::Unknown, detail: detail.into(), reference: None }
    }
}
