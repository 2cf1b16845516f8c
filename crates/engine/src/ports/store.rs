//! State that survives. Every method is one transaction; those that follow a claim fail as `Fenced` when another
//! owner has taken the work over since.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use watchkeeper_model::{
    Busy, Facts, GroupState, Guard, Incident, Labels, Message, Name, Outcome, Quiet, Series, Silence, Step, StepReport,
    StepStatus, Time, Verdict, Withheld,
};

use super::{baseline::KeptBaseline, notifier::Thread};

/// The engine's view of the store.
#[async_trait]
pub trait Store: Send + Sync {
    /// The newest tick of a monitor that was claimed; nothing fires at or before it.
    async fn high_water(&self, monitor: &Name) -> Result<Option<Time>, StoreError>;
    /// Raises the high-water mark without running anything: ticks up to `at` are skipped.
    async fn skip_to(&self, monitor: &Name, at: Time) -> Result<(), StoreError>;
    /// Records an occurrence and takes it; `None` when it was recorded before.
    async fn claim(&self, monitor: &Name, scheduled_at: Time, now: Time) -> Result<Option<Claim>, StoreError>;
    /// The ticks that were claimed and are not finished, by monitor, oldest first.
    async fn unfinished_ticks(&self) -> Result<BTreeMap<Name, Vec<Time>>, StoreError>;
    /// Takes an unfinished tick, with a new epoch; `None` when it is finished by now.
    async fn take_tick(&self, monitor: &Name, scheduled_at: Time, now: Time) -> Result<Option<Claim>, StoreError>;
    /// Finishes a claimed tick without running it.
    async fn pass_over(&self, claim: &Claim, now: Time) -> Result<(), StoreError>;

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

    /// Finishes an occurrence: evaluation, group states, incidents, planned steps, messages and ledger rows. Nothing is
    /// written when a tick was recorded since the groups were read. One that this very claim recorded already is whole.
    async fn record_check(&self, claim: &Claim, record: &CheckRecord) -> Result<Recorded, StoreError>;
    /// Records what follows from a drill: incident, planned steps and ledger rows. It is no tick of its monitor.
    async fn record_drill(&self, record: &CheckRecord) -> Result<(), StoreError>;

    /// Steps that somebody has to move on, oldest incident first: planned ones, those in `Intent`, and those that people
    /// have answered or that nobody will agree to any more. Rows that cannot be read are left out.
    async fn unfinished_steps(&self, now: Time) -> Result<Vec<Unfinished>, StoreError>;
    /// Takes such a step, with a new epoch, if it still stands where it stood.
    async fn take_step(&self, step: &StepRecord) -> Result<StepRecord, StoreError>;
    /// Commits the intent, unless the guard, a hold or an inhibition says no (decided in the same transaction, from
    /// `GuardFacts`). A withheld step is finished by `end_step` as usual. An intent that this very epoch committed
    /// already is told as if it were new: its first answer was lost.
    async fn begin_step(&self, step: &StepRecord, begin: &Begin) -> Result<Begun, StoreError>;
    /// Commits how a step ended, with its messages and ledger rows, and cancels its overdue messages. For a gate
    /// step the gate is set in the same transaction, unless people have overtaken it: then nothing is written. An end
    /// that this very epoch committed already is recorded.
    async fn end_step(&self, step: &StepRecord, end: &StepEnd) -> Result<Ending, StoreError>;

    /// The numbers of the messages that are marked as being sent.
    async fn sending(&self) -> Result<Vec<i64>, StoreError>;
    /// Puts messages that were being sent back, as a try that may have arrived; what nobody needs any more is cancelled.
    async fn send_again(&self, ids: &[i64], now: Time) -> Result<(), StoreError>;
    /// Messages due at `now` that are still wanted, oldest first, marked as being sent. What a silence or `quiet` is about
    /// waits for its end. Rows that cannot be read are left aside.
    async fn due(&self, now: Time, limit: u32, quiet: &Quiet) -> Result<Vec<OutboxItem>, StoreError>;
    /// When the next message is due; `None` when there is none.
    async fn next_due(&self) -> Result<Option<Time>, StoreError>;
    /// Records how a delivery ended. What was given up goes to the first of these other channels that does not have it
    /// (`instead`: the same message, addressed to each), unless the team has it on another one; gives that channel.
    async fn delivered(
        &self,
        item: &OutboxItem,
        delivered: &Delivered,
        instead: &[NewMessage],
        now: Time,
    ) -> Result<Option<Name>, StoreError>;

    /// Writes what is the matter with the daemon, in the place of what was written before.
    async fn note_troubles(&self, troubles: &[Trouble]) -> Result<(), StoreError>;
    /// The rows that are still needed and cannot be read.
    async fn unreadable(&self) -> Result<Vec<Unreadable>, StoreError>;
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else owns the work by now.
    #[error("the work was taken over by another owner")]
    Fenced,
    /// What is stored does not allow it: a row that cannot be read, or one that must not be. Asking again does not help.
    #[error("what is stored does not let it {doing}")]
    Inconsistent {
        /// What it was doing.
        doing: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store itself failed; it may work again.
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

/// What became of a step's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It is committed.
    Recorded,
    /// People have overtaken the step, and how: nothing was written, and its effect must not come any more.
    Overtaken(String),
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
