//! The contract of a kind of action: what is said to its peer. The other half, what is known without asking anybody, is
//! `Kind` of the model.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, After, Probe};
use watchkeeper_model::Action;

use crate::{ActionRunner, limit::Limit};

/// What every kind does at its peer; the compiler asks for every part.
#[async_trait]
pub(crate) trait Kind: Sync {
    /// Why no call of it would be sent from here, whatever its peer said.
    fn refusal(&self, runner: &ActionRunner) -> Option<String>;
    /// Asks the peer whether the target is there and the rights suffice, and changes nothing: what it answered, or why it
    /// would not take it. `None` where there is no peer.
    async fn ask(&self, timeout: Duration, runner: &ActionRunner) -> Option<Result<String, String>>;
    /// Reads what is recorded with the intent: the state to go back to, and whether it may be sent at all. It changes
    /// nothing, so that a peer that is away is asked again.
    async fn before(&self, call: &ActionCall, runner: &ActionRunner) -> Reading;
    /// Sends it once, within `limit`, and says what certainly failed and what is unknown.
    async fn send(&self, call: &ActionCall, limit: &Limit, runner: &ActionRunner) -> Attempt;
    /// Looks for the mark that an earlier call has left.
    async fn probe(&self, call: &ActionCall, runner: &ActionRunner) -> Probe;
    /// Reads back whether it did what it should.
    async fn after(&self, call: &ActionCall, runner: &ActionRunner) -> After;
}

/// What was read before a call.
pub(crate) enum Reading {
    /// The state to go back to.
    Seen(Value),
    /// There is nothing to read.
    Nothing,
    /// It must not be sent.
    Refused(String),
    /// The peer is away, busy or failing.
    Away(String),
}

/// What an attempt says about the call.
pub(crate) enum Attempt {
    /// It ended, one way or the other.
    Ended(ActionEnd),
    /// The peer is away or busy (`certain`: it did nothing), or failing (it may have acted).
    Busy {
        /// Whether nothing was done for certain.
        certain: bool,
        /// How the call ended if this was its last attempt.
        end: ActionEnd,
        /// How long the peer wants to be left alone.
        after: Option<Duration>,
    },
}

impl Attempt {
    /// It did not do it, for certain, and would not another time.
    pub(crate) fn failed(detail: impl Into<String>) -> Self {
        Self::Ended(ActionEnd::failed(detail))
    }

    /// It did what it should; `reference` is the peer's.
    pub(crate) fn done(detail: impl Into<String>, reference: Option<String>) -> Self {
        Self::Ended(ActionEnd { reference, ..ActionEnd::done(detail) })
    }
}

/// The kind of an action.
pub(crate) fn of(action: &Action) -> &dyn Kind {
    match action {
        Action::Gate(gate) => gate,
        Action::Exec(exec) => exec,
        Action::Http(http) => http,
        Action::Jira(jira) => jira,
        Action::JiraResolve(resolve) => resolve,
        Action::Sql(sql) => sql,
        Action::Mlflow(mlflow) => mlflow,
        Action::Systemd(systemd) => systemd,
        Action::Kubernetes(kubernetes) => kubernetes,
        Action::Airflow(airflow) => airflow,
    }
}

/// The answer of a kind whose act leaves no mark.
pub(crate) fn no_mark(call: &ActionCall) -> Probe {
    Probe::Unreachable(format!("a {} step leaves no mark that could be looked for", call.action.kind()))
}

/// The answer of a kind of which nothing can be read back.
pub(crate) fn unreadable(call: &ActionCall) -> After {
    After::Unreadable(format!("a {} step cannot be read back", call.action.kind()))
}
