//! The engine's port: one line a method, each one transaction.

use std::collections::BTreeMap;

use async_trait::async_trait;
use watchkeeper_engine::{
    KeptBaseline, Trouble,
    ports::{
        replay::KeptRun,
        store::{
            Begin, Begun, CheckRecord, Claim, Delivered, Ending, Groups, LedgerRow, NewMessage, OutboxItem, PastTick,
            Recorded, StepEnd, StepRecord, Store, StoreError, Unfinished, Unreadable, Verified,
        },
    },
};
use watchkeeper_model::{Name, Quiet, Report, Time, Workspace};

use crate::{
    answer, baseline, check, ending, kept_run, occurrence, outbox, remedy, step, store::SqlStore, together, trouble,
    unreadable,
};

#[async_trait]
impl Store for SqlStore {
    async fn high_water(&self, monitor: &Name) -> Result<Option<Time>, StoreError> {
        self.asked("read a high-water mark", occurrence::high_water(self, monitor)).await
    }

    async fn skip_to(&self, monitor: &Name, at: Time) -> Result<(), StoreError> {
        self.asked("skip ticks", occurrence::skip_to(self, monitor, at)).await
    }

    async fn claim(&self, monitor: &Name, scheduled_at: Time, now: Time) -> Result<Option<Claim>, StoreError> {
        self.asked("claim an occurrence", together::claim(self, monitor, scheduled_at, now)).await
    }

    async fn unfinished_ticks(&self, of: Option<&Name>) -> Result<BTreeMap<Name, Vec<Time>>, StoreError> {
        self.asked("look for unfinished ticks", occurrence::unfinished(self, of)).await
    }

    async fn take_tick(&self, monitor: &Name, scheduled_at: Time, now: Time) -> Result<Option<Claim>, StoreError> {
        self.asked("take a tick", occurrence::take(self, monitor, scheduled_at, now)).await
    }

    async fn pass_over(&self, claim: &Claim, now: Time) -> Result<(), StoreError> {
        self.asked("pass over a tick", occurrence::pass_over(self, claim, now)).await
    }

    async fn groups(&self, monitor: &Name) -> Result<Groups, StoreError> {
        self.asked("read a monitor's groups", check::groups(self, monitor)).await
    }

    async fn past_ticks(&self, monitor: &Name, before: Time, limit: u32) -> Result<Vec<PastTick>, StoreError> {
        self.asked("read a monitor's past ticks", occurrence::past(self, monitor, before, limit)).await
    }

    async fn baseline_frozen_at(&self, monitor: &Name) -> Result<Option<Time>, StoreError> {
        self.asked("look for a frozen baseline", baseline::frozen_at(self, monitor)).await
    }

    async fn baseline(&self, monitor: &Name) -> Result<Option<KeptBaseline>, StoreError> {
        self.asked("read a frozen baseline", baseline::of(self, monitor)).await
    }

    async fn keep_baseline(&self, kept: &KeptBaseline, ledger: &[LedgerRow]) -> Result<(), StoreError> {
        self.asked("freeze a baseline", baseline::keep(self, kept, ledger)).await
    }

    async fn keep_run(&self, run: &KeptRun) -> Result<(), StoreError> {
        self.asked("keep a run", kept_run::keep(self, run)).await
    }

    async fn record_check(&self, claim: &Claim, record: &CheckRecord) -> Result<Recorded, StoreError> {
        self.asked("record a check", check::record(self, claim, record)).await
    }

    async fn record_drill(&self, record: &CheckRecord) -> Result<(), StoreError> {
        self.asked("record a drill", check::record_drill(self, record)).await
    }

    async fn unfinished_steps(&self, now: Time) -> Result<Vec<Unfinished>, StoreError> {
        self.asked("look for unfinished steps", answer::unfinished(self, now)).await
    }

    async fn take_step(&self, step: &StepRecord) -> Result<StepRecord, StoreError> {
        self.asked("take a step", step::take(self, step)).await
    }

    async fn begin_step(&self, step: &StepRecord, begin: &Begin) -> Result<Begun, StoreError> {
        self.asked("commit a step's intent", step::begin(self, step, begin)).await
    }

    async fn end_step(&self, step: &StepRecord, end: &StepEnd) -> Result<Ending, StoreError> {
        self.asked("commit a step's end", ending::end(self, step, end)).await
    }

    async fn to_verify(&self) -> Result<Vec<StepRecord>, StoreError> {
        self.asked("look for steps to verify", remedy::to_verify(self)).await
    }

    async fn verified(&self, step: &StepRecord, verified: &Verified) -> Result<bool, StoreError> {
        self.asked("record whether a step helped", remedy::verified(self, step, verified)).await
    }

    async fn sending(&self) -> Result<Vec<i64>, StoreError> {
        self.asked("read what is being sent", outbox::sending(self)).await
    }

    async fn send_again(&self, ids: &[i64], now: Time) -> Result<(), StoreError> {
        self.asked("put back unsent messages", outbox::send_again(self, ids, now)).await
    }

    async fn due(&self, now: Time, limit: u32, quiet: &Quiet) -> Result<Vec<OutboxItem>, StoreError> {
        self.asked("take messages from the outbox", outbox::due(self, now, limit, quiet)).await
    }

    async fn next_due(&self) -> Result<Option<Time>, StoreError> {
        self.asked("read the outbox", outbox::next_due(self)).await
    }

    async fn delivered(
        &self,
        item: &OutboxItem,
        delivered: &Delivered,
        instead: &[NewMessage],
        now: Time,
    ) -> Result<Option<Name>, StoreError> {
        self.asked("record a delivery", outbox::delivered(self, item, delivered, instead, now)).await
    }

    async fn report(
        &self,
        workspace: &Workspace,
        team: Option<&Name>,
        from: Time,
        to: Time,
    ) -> Result<Report, StoreError> {
        Self::report(self, workspace, team, from, to).await
    }

    async fn ledger_begins(&self) -> Result<Option<Time>, StoreError> {
        Ok(self.ledger(0, 1).await?.first().map(|row| row.at))
    }

    async fn add_digest(&self, note: &str, messages: &[NewMessage]) -> Result<bool, StoreError> {
        Self::add_digest(self, note, messages).await
    }

    async fn note_troubles(&self, troubles: &[Trouble]) -> Result<(), StoreError> {
        self.asked("write what is the matter", trouble::note(self, troubles)).await
    }

    fn is_nearest(&self, monitor: &Name) -> bool {
        Self::is_nearest(self, monitor)
    }

    fn lease_lasts(&self) -> bool {
        Self::lease_lasts(self)
    }

    async fn unreadable(&self) -> Result<Vec<Unreadable>, StoreError> {
        self.asked("look for rows that cannot be read", unreadable::rows(self)).await
    }
}
