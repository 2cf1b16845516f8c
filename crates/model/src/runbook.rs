//! A runbook: the first step, the steps after it, and the limits around them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Action, Approval, Guard, Name, OnResolve, Undo, Verify};

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
    /// How it is found out whether it helped; it only counts as an act when absent.
    #[serde(default)]
    pub verify: Option<Verify>,
    /// What becomes of the steps after it when it fails, or did not help.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// How often it is tried again where that cannot act twice; as its kind does when absent.
    #[serde(default)]
    pub retries: Option<u32>,
    /// What takes it back, where its kind cannot say so by itself.
    #[serde(default)]
    pub undo: Option<Action>,
}

impl Step {
    /// Whether it may run once its incident is over: it puts things back, or tells of the end.
    pub fn outlives_incident(&self) -> bool {
        self.after_resolve || matches!(self.action, Action::JiraResolve(_))
    }

    /// What takes it back, from what was read before it was sent; `None` where nothing does.
    pub fn taken_back(&self, before: Option<&Value>) -> Option<Action> {
        self.undo.clone().or_else(|| before.and_then(|before| self.action.undone(before)))
    }

    /// What taking it back comes to, as far as that is known before; or why nothing takes it back.
    pub fn way_back(&self) -> Result<String, &'static str> {
        match (&self.undo, self.action.undo()) {
            (Some(undo), _) => Ok(undo.summary()),
            (None, Undo::Restores(how)) => Ok(how.to_owned()),
            (None, Undo::Never(why)) => Err(why),
        }
    }

    /// The id of the step that tells the issue it opened that its incident is over; `None` where nothing is told.
    pub fn resolved_id(&self) -> Option<Name> {
        let told = matches!(&self.action, Action::Jira(jira) if jira.on_resolve != OnResolve::Nothing);
        Name::parse(&format!("{}-resolved", self.id)).ok().filter(|_| told)
    }

    /// The id of the step that takes it back.
    pub fn undo_id(&self) -> Option<Name> {
        Name::parse(&format!("{}-undo", self.id)).ok()
    }
}

/// What becomes of the steps after one that failed, or did not help.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// They run.
    #[default]
    Continue,
    /// None of them runs by itself.
    Stop,
    /// They run, and so does this one of them, which runs then only.
    Step(Name),
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
