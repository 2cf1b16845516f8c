//! A runbook: the first step, the steps after it, and the limits around them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Action, Approval, Guard, Name};

/// A TOML procedure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Runbook {
    /// Unique in the workspace.
    pub id: Name,
    /// One sentence for people.
    pub description: String,
    /// The owner is told by then even if the first step hangs.
    pub notify_deadline: Duration,
    /// What limits automatic steps.
    pub guard: Guard,
    /// The step that runs by itself before anybody is told.
    pub first: Step,
    /// The steps after it, in order.
    pub rest: Vec<Step>,
    /// Who is told when nobody acknowledges, the first in line first.
    pub escalation: Vec<Escalation>,
}

/// One action of a runbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the runbook.
    pub id: Name,
    /// One sentence for people.
    pub description: String,
    /// The time limit of the action.
    pub timeout: Duration,
    /// What it does.
    pub action: Action,
    /// Whether it runs by itself; the first step always does.
    pub run: StepRun,
    /// Who has to agree before it runs.
    pub approval: Option<Approval>,
    /// Whether it may still run once its incident is over: what puts things back.
    #[serde(default)]
    pub after_resolve: bool,
}

impl Step {
    /// Whether it may run once its incident is over: it puts things back, or tells of the end.
    pub fn outlives_incident(&self) -> bool {
        self.after_resolve || matches!(self.action, Action::JiraResolve(_))
    }
}

/// Who starts a step after the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepRun {
    /// It runs by itself once the owner has been told.
    Auto,
    /// People do it.
    Manual,
}

/// Who is told when nobody acknowledges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// How long after the handoff.
    pub after: Duration,
    /// The teams.
    pub to: Vec<Name>,
}
