//! What a tick finds, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use watchkeeper_model::{GroupState, Incident, Labels, Message, Name, Series, Silence, Time, Verdict};

use super::{NewMessage, StepRecord};

/// A taken occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The monitor.
    pub monitor: Name,
    /// The tick.
    pub scheduled_at: Time,
    /// The fencing epoch.
    pub epoch: u64,
}

/// A monitor's groups by their labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups {
    /// What is remembered.
    pub states: BTreeMap<Labels, GroupState>,
    /// Unresolved incidents; drills are not among them.
    pub open: BTreeMap<Labels, Incident>,
    /// Groups of which a row cannot be read: nothing about them is decided.
    pub unreadable: BTreeSet<Labels>,
    /// The newest tick that was recorded; an older one changes nothing.
    pub newest: Option<Time>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// All of it is committed.
    Whole,
    /// Another tick was recorded since its groups were read: nothing was written, it is to be decided anew.
    Moved,
}

/// What a finished tick measured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PastTick {
    /// The tick.
    pub at: Time,
    /// Its verdict.
    pub verdict: Verdict,
    /// Every series measured.
    pub series: Vec<PastSeries>,
}

/// One series of a finished tick.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PastSeries {
    /// Which number.
    #[serde(flatten)]
    pub series: Series,
    /// Its value; absent where it was not a number.
    pub value: Option<f64>,
    /// The same series on the baseline, where a relative limit needed it.
    pub baseline: Option<f64>,
    /// The verdict on it.
    pub verdict: Verdict,
}

/// All that follows from one check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRecord {
    /// The monitor's verdict.
    pub verdict: Verdict,
    /// The evaluation as `check --json` prints it.
    pub evaluation: Value,
    /// The newest tick recorded when it was decided.
    pub newest: Option<Time>,
    /// New group states.
    pub states: Vec<(Labels, GroupState)>,
    /// Incidents that are new or changed.
    pub incidents: Vec<Incident>,
    /// Steps to plan, first step first.
    pub steps: Vec<StepRecord>,
    /// Incidents that go on: a step that was withheld for a reason that has ended is planned again.
    pub going_on: Vec<GoingOn>,
    /// Messages to enqueue.
    pub messages: Vec<NewMessage>,
    /// Incidents that resolved: what waits to be told or done because of them is not needed any more.
    pub resolved: Vec<Resolved>,
    /// Ledger rows to append: kind, subject, body.
    pub ledger: Vec<LedgerRow>,
    /// When it was decided.
    pub at: Time,
}

impl CheckRecord {
    /// Whether nothing follows but that the check was made.
    pub fn is_quiet(&self) -> bool {
        let Self { incidents, steps, going_on, messages, resolved, ledger, .. } = self;
        incidents.is_empty()
            && steps.is_empty()
            && going_on.is_empty()
            && messages.is_empty()
            && resolved.is_empty()
            && ledger.is_empty()
    }
}

/// An incident that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Its id.
    pub incident: String,
    /// What everybody is told who was told of it; the store adds what is left behind.
    pub message: Message,
}

/// An incident that a tick has found to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct GoingOn {
    /// Its id.
    pub incident: String,
    /// The tick: what is planned again counts from it.
    pub tick: Time,
    /// Monitors whose open incidents still forbid the act.
    pub inhibited_by: Vec<Name>,
    /// The maintenance windows that are open.
    pub maintenance: Vec<Silence>,
}

/// A ledger row to append.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerRow {
    /// For example `incident.opened`.
    pub kind: &'static str,
    /// What it is about.
    pub subject: String,
    /// The facts.
    pub body: Value,
}
