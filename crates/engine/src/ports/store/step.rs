//! Steps of runs: as they are planned, begun and ended.

use serde_json::Value;
use watchkeeper_model::{
    Action, Busy, Facts, Guard, Name, Outcome, Remedy, Silence, Step, StepReport, StepStatus, Time, Withheld,
};

use super::{LedgerRow, NewMessage};

/// A step of a run, as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// The run: ten hex digits, H(monitor, incident).
    pub run: String,
    /// The incident.
    pub incident: String,
    /// 0 for the first step.
    pub position: u32,
    /// The step with its action rendered: the recorded arguments.
    pub step: Step,
    /// The runbook it comes from and the digest of that runbook.
    pub runbook: (Name, String),
    /// What is known of the breach.
    pub facts: Facts,
    /// Where it stands.
    pub status: StepStatus,
    /// The fencing epoch.
    pub epoch: u64,
    /// When its newest intent was committed.
    pub started_at: Option<Time>,
    /// The tick from which its lateness counts: its incident's first, or the one that planned it again.
    pub tick: Time,
    /// How often it was begun.
    pub attempts: u32,
    /// Whether an end of it was told before.
    pub told: bool,
    /// Who wants it to run; absent where the runbook itself does.
    pub asked_by: Option<String>,
    /// What was read before it was sent; absent before its intent, and where there is nothing to read.
    pub before: Option<Value>,
    /// What its peer called its result.
    pub reference: Option<String>,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// Whether it helped; absent unless it was done.
    pub remedy: Option<Remedy>,
}

impl StepRecord {
    /// The attempt that is under way, or comes next; 1 for the first.
    pub fn attempt(&self) -> u32 {
        if self.status == StepStatus::Intent { self.attempts.max(1) } else { self.attempts + 1 }
    }

    /// Whether people started it or agreed to it.
    pub fn by_people(&self) -> bool {
        self.asked_by.is_some() || self.step.approval.is_some()
    }
}

/// A step that somebody has to move on.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// The step.
    pub step: StepRecord,
    /// Why it does not run: people said no, or did not agree in time; absent when it does.
    pub refused: Option<String>,
}

impl Unfinished {
    /// Whether it runs by itself, in its runbook's order; else people have answered for it.
    pub fn runs_by_itself(&self) -> bool {
        matches!(self.step.status, StepStatus::Planned | StepStatus::Intent)
    }
}

/// An intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    /// H(incident, runbook digest, step), and the attempt from the second on.
    pub idempotency_key: String,
    /// The runbook's guard.
    pub guard: Guard,
    /// Monitors whose open incidents forbid the act.
    pub inhibited_by: Vec<Name>,
    /// The maintenance windows that are open.
    pub maintenance: Vec<Silence>,
    /// The latest time at which it may begin by itself; absent where that does not matter.
    pub not_after: Option<Time>,
    /// What was read of its target, to go back to.
    pub before: Option<Value>,
    /// Now.
    pub at: Time,
}

/// Whether a step began.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// The intent is committed: go. `reopen` is the newest reference (issue key) that an earlier incident of the
    /// same monitor and group left with this step.
    Go {
        /// An earlier reference.
        reopen: Option<String>,
        /// What would have held an automatic step back: people have decided.
        despite: Vec<Withheld>,
        /// What is recorded and has to be sent, with what earlier steps gave.
        action: Box<Action>,
        /// What is recorded as read before.
        before: Option<Value>,
    },
    /// Not yet: something else has to end first.
    Busy(Busy),
    /// It is withheld; nothing was recorded yet.
    Withheld(Withheld),
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub struct StepEnd {
    /// How.
    pub outcome: Outcome,
    /// As people are told.
    pub report: StepReport,
    /// The peer's reference.
    pub reference: Option<String>,
    /// Whether it helped, as far as that is known; absent unless it was done.
    pub remedy: Option<Remedy>,
    /// Messages to enqueue.
    pub messages: Vec<NewMessage>,
    /// Ledger rows to append.
    pub ledger: Vec<LedgerRow>,
    /// Whether this hands the incident to its owner: true for the first end of the first step.
    pub hands_off: bool,
    /// Whether it was withheld for a reason that may end.
    pub resumes: bool,
    /// What is to be noted on another incident: its id and the words.
    pub comment: Option<(String, String)>,
    /// Now.
    pub at: Time,
}

/// What was found out about whether a step helped.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Whether it did.
    pub remedy: Remedy,
    /// How that shows, for people.
    pub detail: String,
    /// Messages to enqueue.
    pub messages: Vec<NewMessage>,
    /// Now.
    pub at: Time,
}

/// What became of a step's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It is committed.
    Recorded,
    /// People have overtaken the step, and how: nothing was written, and its effect must not come any more.
    Overtaken(String),
}
