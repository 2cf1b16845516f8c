//! What a step does, one file a kind, and what may be counted on after a crash.

mod airflow;
mod contract;
mod exec;
mod faults;
pub mod fields;
mod gate;
mod http;
mod jira;
mod kubernetes;
mod mlflow;
mod peer;
mod recovery;
mod sql;
mod systemd;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use airflow::{AirflowAction, DagAct};
pub use contract::Undo;
use contract::{Fill, Kind};
pub use exec::ExecAction;
pub use faults::{ActionFault, looks_secret};
pub use fields::{Field, Fields};
pub use gate::{GateAction, GateState};
pub use http::{BodyEncoding, Follow, HttpAction};
pub use jira::{JiraAction, JiraApi, JiraResolve, OnResolve};
pub use kubernetes::{Change as ObjectChange, KubernetesAction};
pub use mlflow::{MlflowAction, ModelVersion};
pub use peer::Connection;
pub use recovery::{Guarantee, Recovery};
pub use sql::{SqlAction, SqlEngine};
pub use systemd::{Bus, SystemdAction, UnitJob, unit_fault};

use crate::{Facts, Name, Outputs, Template};

/// One action of a step; a closed set, one table each in TOML.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Pause or open a gate in our own store.
    Gate(GateAction),
    /// Run a program.
    Exec(ExecAction),
    /// Send an HTTP request.
    Http(HttpAction),
    /// Open (or reopen) a Jira issue.
    Jira(JiraAction),
    /// Tell the issue that a `Jira` step opened that its incident is over.
    JiraResolve(JiraResolve),
    /// Run one statement in a database, exactly once.
    Sql(SqlAction),
    /// Put the alias of a registered model back.
    Mlflow(MlflowAction),
    /// Restart, start or stop a unit.
    Systemd(SystemdAction),
    /// Change an object of a cluster.
    Kubernetes(KubernetesAction),
    /// Trigger or pause a DAG.
    Airflow(AirflowAction),
}

impl Action {
    /// The word used in TOML and tables.
    pub fn kind(&self) -> &'static str {
        self.of().word()
    }

    /// What it guarantees.
    pub fn guarantee(&self) -> Guarantee {
        self.of().guarantee()
    }

    /// What it acts on: the key of the per-target guard budget.
    pub fn target(&self) -> String {
        self.of().target()
    }

    /// Whether two monitors must not act on its target at the same time.
    pub fn excludes_others(&self) -> bool {
        self.of().excludes_others()
    }

    /// One line for people: `pause gate loan-decisions`.
    pub fn summary(&self) -> String {
        self.of().summary()
    }

    /// The arguments as they are sent, for those who have to agree to them.
    pub fn arguments(&self) -> String {
        self.of().arguments()
    }

    /// What every run of this action would refuse, in the order of its table.
    pub fn faults(&self) -> Vec<ActionFault> {
        self.of().faults()
    }

    /// What the peer gives that later steps may name, as `key` in `{steps.ticket.key}`.
    pub fn output(&self) -> Option<&'static str> {
        self.of().output()
    }

    /// Whether the peer can be asked whether it did what it should.
    pub fn reads_back(&self) -> bool {
        self.of().reads_back()
    }

    /// How it is taken back.
    pub fn undo(&self) -> Undo {
        self.of().undo()
    }

    /// What takes it back, from what was read before it was sent; `None` where nothing can.
    pub fn undone(&self, before: &Value) -> Option<Self> {
        self.of().undone(before)
    }

    /// The same action with every placeholder of the breach filled in: the arguments that are recorded before they are
    /// used. What earlier steps give is not known yet.
    pub fn rendered(&self, facts: &Facts) -> Self {
        // Nobody reads a ticket for its seventh digit.
        let facts = if matches!(self, Self::Jira(_)) { &facts.for_reading() } else { facts };
        self.of().filled(&mut |text| text.with_facts(facts))
    }

    /// The same with what earlier steps gave; what a step has not given stays named.
    pub fn with_outputs(&self, outputs: &Outputs) -> Self {
        self.of().filled(&mut |text| text.with_outputs(outputs))
    }

    /// What its texts name of earlier steps: the step and the output. Nothing that names one is sent.
    pub fn named_outputs(&self) -> Vec<(Name, String)> {
        let mut named = Vec::new();
        self.of().filled(&mut |text: &Template| {
            named.extend(text.named_outputs());
            text.clone()
        });
        named
    }
}
