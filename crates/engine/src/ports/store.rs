//! State that survives. Every method is one transaction; those that follow a claim fail as `Fenced` when another
//! owner has taken the work over since.

mod check;
mod message;
mod step;

use std::collections::BTreeMap;

use async_trait::async_trait;
use watchkeeper_model::{Name, Quiet, Report, Time, Workspace};

pub use check::{CheckRecord, Claim, GoingOn, Groups, LedgerRow, PastSeries, PastTick, Recorded, Resolved};
pub use message::{Delivered, NewMessage, OutboxItem, Trouble, Unreadable};
pub use step::{Begin, Begun, Ending, StepEnd, StepRecord, Unfinished, Verified};

use super::{baseline::KeptBaseline, replay::KeptRun};

/// The engine's view of the store.
#[async_trait]
pub trait Store: Send + Sync {
    /// The newest tick of a monitor that was claimed; nothing fires at or before it.
    async fn high_water(&self, monitor: &Name) -> Result<Option<Time>, StoreError>;
    /// Raises the high-water mark without running anything: ticks up to `at` are skipped.
    async fn skip_to(&self, monitor: &Name, at: Time) -> Result<(), StoreError>;
    /// Records an occurrence and takes it; `None` when it was recorded before.
    async fn claim(&self, monitor: &Name, scheduled_at: Time, now: Time) -> Result<Option<Claim>, StoreError>;
    /// The ticks that were claimed and are not finished, of one monitor or of all, oldest first.
    async fn unfinished_ticks(&self, of: Option<&Name>) -> Result<BTreeMap<Name, Vec<Time>>, StoreError>;
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

    /// Keeps a run that did not end well, and forgets older ones of its monitor.
    async fn keep_run(&self, run: &KeptRun) -> Result<(), StoreError>;

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

    /// The steps of which it is to be found out whether they helped, but those in the hand of another one that is at work.
    async fn to_verify(&self) -> Result<Vec<StepRecord>, StoreError>;
    /// Records whether a step helped, with its messages; `false` when that is recorded already.
    async fn verified(&self, step: &StepRecord, verified: &Verified) -> Result<bool, StoreError>;

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

    /// What happened in a time, for a team or for all.
    async fn report(
        &self,
        workspace: &Workspace,
        team: Option<&Name>,
        from: Time,
        to: Time,
    ) -> Result<Report, StoreError>;
    /// When the oldest row of the ledger was written; none while it is empty.
    async fn ledger_begins(&self) -> Result<Option<Time>, StoreError>;
    /// Puts the messages of a digest into the outbox, unless those of this `note` were put there before; gives whether
    /// they were put there now.
    async fn add_digest(&self, note: &str, messages: &[NewMessage]) -> Result<bool, StoreError>;

    /// Writes what is the matter with the daemon, in the place of what was written before.
    async fn note_troubles(&self, troubles: &[Trouble]) -> Result<(), StoreError>;
    /// The rows that are still needed and cannot be read.
    async fn unreadable(&self) -> Result<Vec<Unreadable>, StoreError>;

    /// Whether this process is the one to begin a monitor's ticks; of several that share the store another one may be,
    /// and this one stands by. Which it is may change at any time, and keeps no two apart: a claim does.
    fn is_nearest(&self, _monitor: &Name) -> bool {
        true
    }
    /// Whether what this process has taken is still its own for certain. It is looked at last before anything is sent.
    fn lease_lasts(&self) -> bool {
        true
    }
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
