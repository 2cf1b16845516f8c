//! The contract of a kind of action: the half that is known without asking anybody. The other half, what is said to the
//! peer, is `Kind` of the crate that talks to peers.

use serde_json::Value;

use super::{Action, ActionFault, Guarantee};
use crate::Template;

/// Fills the texts of an action in.
pub(crate) type Fill<'a> = dyn FnMut(&Template) -> Template + 'a;

/// What every kind says of itself; the compiler asks for every part.
pub(crate) trait Kind {
    /// The word used in TOML and tables.
    fn word(&self) -> &'static str;
    /// What may be counted on after a crash.
    fn guarantee(&self) -> Guarantee;
    /// What it acts on: the key of the per-target guard budget. To pause and to open are two things.
    fn target(&self) -> String;
    /// Whether two monitors must not act on its target at the same time.
    fn excludes_others(&self) -> bool;
    /// One line for people: `pause gate loan-decisions`.
    fn summary(&self) -> String;
    /// The arguments as they are sent, for those who have to agree to them.
    fn arguments(&self) -> String;
    /// What every run of it would refuse, in the order of its table.
    fn faults(&self) -> Vec<ActionFault>;
    /// The same with every text replaced.
    fn filled(&self, fill: &mut Fill<'_>) -> Action;
    /// What the peer gives that later steps may name, as `key` in `{steps.ticket.key}`.
    fn output(&self) -> Option<&'static str>;
    /// Whether the peer can be asked whether it did what it should.
    fn reads_back(&self) -> bool;
    /// How it is taken back.
    fn undo(&self) -> Undo;
    /// What takes it back, from what was read before it was sent; `None` where nothing can.
    fn undone(&self, before: &Value) -> Option<Action>;
}

/// How an action is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// What was there before is set again, unless somebody has changed it since; what that comes to.
    Restores(&'static str),
    /// Not by itself, and why; the step may say what takes it back.
    Never(&'static str),
}

impl Action {
    /// Its kind's own words.
    pub(super) fn of(&self) -> &dyn Kind {
        match self {
            Self::Gate(gate) => gate,
            Self::Exec(exec) => exec,
            Self::Http(http) => http,
            Self::Jira(jira) => jira,
            Self::JiraResolve(jira) => jira,
            Self::Sql(sql) => sql,
            Self::Mlflow(mlflow) => mlflow,
            Self::Systemd(systemd) => systemd,
            Self::Kubernetes(kubernetes) => kubernetes,
            Self::Airflow(airflow) => airflow,
        }
    }
}
