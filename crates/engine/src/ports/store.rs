//! State that survives. Every method is one transaction; those that follow a claim fail as `Fenced` when another
//! owner has taken the work over since.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use watchkeeper_model::{
    Facts, GroupState, Guard, Incident, Labels, Message, Name, Outcome, Series, Step, StepReport, StepStatus, Time,
    Verdict, Withheld,
};

use crate::KeptBaseline;

/// The engine's view of the store.
#[async_trait]
pub trait Store: Send + Sync {
    /// The newest tick of a monitor that was claimed; nothing fires at or before it.
    async fn high_water(&self, monitor: &Name) -> Result<Option<Time>, StoreError>;
    /// Raises the high-water mark without running anything: ticks up to `at` are skipped.
    async fn skip_to(&self, monitor: &Name, at: Time) -> Result<(), StoreError>;
    /// Records an occurrence and takes it; `None` when it was recorded before.
    async fn claim(&self, monitor: &Name, scheduled_at: Time, now: Time) -> Result<Option<Claim>, StoreError>;
    /// Takes over, with new epochs, the occurrences that an earlier owner did not finish.
    async fn take_over_occurrences(&self, now: Time) -> Result<Vec<Claim>, StoreError>;

    /// What is remembered of a monitor's groups, and its open incidents.
    async fn groups(&self, monitor: &Name) -> Result<Groups, StoreError>;
    /// The newest finished ticks before `before`, oldest first; drills are not among them.
    async fn past_ticks(&self, monitor: &Name, before: Time, limit: u32) -> Result<Vec<PastTick>, StoreError>;
    /// When a monitor's baseline was frozen; `None` when it is not.
    async fn baseline_frozen_at(&self, monitor: &Name) -> Result<Option<Time>, StoreError>;
    /// A monitor's frozen baseline.
    async fn baseline(&self, monitor: &Name) -> Result<Option<KeptBaseline>, StoreError>;
    /// Freezes a baseline, in the place of one that was frozen before, with its ledger rows.
    async fn keep_baseline(&self, kept: &KeptBaseline, ledger: &[LedgerRow]) -> Result<(), StoreError>;

    /// Finishes an occurrence: evaluation, group states, incidents, planned steps, messages and ledger rows.
    async fn record_check(&self, claim: &Claim, record: &CheckRecord) -> Result<(), StoreError>;
    /// Records what follows from a drill: incident, planned steps and ledger rows. It is no tick of its monitor.
    async fn record_drill(&self, record: &CheckRecord) -> Result<(), StoreError>;

    /// Steps of unresolved runs that are `Planned` or in `Intent`, oldest first, taken over with new epochs.
    async fn take_over_steps(&self, now: Time) -> Result<Vec<StepRecord>, StoreError>;
    /// Steps that are `Planned`, of one incident, in runbook order.
    async fn planned_steps(&self, incident: &str) -> Result<Vec<StepRecord>, StoreError>;
    /// Steps for which people have answered, oldest first: those that may run, and those that nobody will agree to.
    async fn answered_steps(&self, now: Time) -> Result<Vec<Answered>, StoreError>;
    /// Commits the intent, unless the guard, a hold or an inhibition says no (decided in the same transaction, from
    /// `GuardFacts`). Enqueues `overdue` messages with it. A withheld step is finished by `end_step` as usual.
    async fn begin_step(&self, step: &StepRecord, begin: &Begin) -> Result<Begun, StoreError>;
    /// Commits how a step ended, with its messages and ledger rows, and cancels its overdue messages. For a gate
    /// step `gate` is set in the same transaction.
    async fn end_step(&self, step: &StepRecord, end: &StepEnd) -> Result<(), StoreError>;

    /// Messages due at `now`, oldest first, marked as being sent.
    async fn due(&self, now: Time, limit: u32) -> Result<Vec<OutboxItem>, StoreError>;
    /// When the next message is due; `None` when there is none.
    async fn next_due(&self) -> Result<Option<Time>, StoreError>;
    /// Records how a delivery ended. `retry_at` puts the item back.
    async fn delivered(
        &self,
        item: &OutboxItem,
        outcome: &str,
        retry_at: Option<Time>,
        now: Time,
    ) -> Result<(), StoreError>;
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else owns the work by now.
    #[error("the work was taken over by another owner")]
    Fenced,
    /// The store itself failed.
    #[error("the store failed while it should {doing}")]
    Failed {
        /// What it was doing.
        doing: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

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
    /// New group states.
    pub states: Vec<(Labels, GroupState)>,
    /// Incidents that are new or changed.
    pub incidents: Vec<Incident>,
    /// Steps to plan, first step first.
    pub steps: Vec<StepRecord>,
    /// Messages to enqueue.
    pub messages: Vec<NewMessage>,
    /// Incidents whose waiting messages (reminders, escalations) are cancelled: those that resolved.
    pub cancel: Vec<String>,
    /// Ledger rows to append: kind, subject, body.
    pub ledger: Vec<LedgerRow>,
    /// When it was decided.
    pub at: Time,
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

/// A message to enqueue on one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// The incident; absent for a warning.
    pub incident: Option<String>,
    /// The run and step whose end cancels it: overdue messages only.
    pub overdue_for: Option<(String, Name)>,
    /// Whether acknowledging the incident cancels it: reminders and escalations.
    pub until_acknowledged: bool,
    /// The channel.
    pub channel: Name,
    /// The earliest time it is sent.
    pub not_before: Time,
    /// How often it repeats until acknowledged.
    pub repeat: Option<Duration>,
    /// What it says; the store fills in the ledger's head.
    pub message: Message,
}

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
    /// When its intent was committed.
    pub started_at: Option<Time>,
}

/// What people answered for a step that waited for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The step.
    pub step: StepRecord,
    /// Why it does not run; absent when it does.
    pub refused: Option<String>,
}

/// An intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    /// H(incident, runbook digest, step).
    pub idempotency_key: String,
    /// The runbook's guard.
    pub guard: Guard,
    /// Monitors whose open incidents forbid the act.
    pub inhibited_by: Vec<Name>,
    /// What tells the owner when the step hangs.
    pub overdue: Vec<NewMessage>,
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
    },
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
    /// Messages to enqueue.
    pub messages: Vec<NewMessage>,
    /// Ledger rows to append.
    pub ledger: Vec<LedgerRow>,
    /// Whether this hands the incident to its owner: true for the first step.
    pub hands_off: bool,
    /// Now.
    pub at: Time,
}

/// A message to send.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxItem {
    /// Its number.
    pub id: i64,
    /// The channel.
    pub channel: Name,
    /// What it says, the ledger's head filled in.
    pub message: Message,
    /// How often it was tried before.
    pub attempts: u32,
}
