//! The engine's port: one line a method, each one transaction.

use std::collections::BTreeMap;

use async_trait::async_trait;
use watchkeeper_engine::{
    KeptBaseline, Trouble,
    ports::{
        replay::KeptRun,
        store::{
            Begin, Begun, CheckRecord, Claim, Delivered, Ending, Groups, LedgerRow, NewMessage, OutboxItem, PastTick,
            Recorded, StepEnd, StepRecord, Store, StoreError, Unfinished, Unreadable,
        },
    },
};
use watchkeeper_model::{Name, Quiet, Report, Time, Workspace};

use crate::{
    answer, baseline, check, ending, kept_run, occurrence, outbox, step, store::SqlStore, together, trouble, unreadable,
};

#[async_trait]
impl Store for SqlStore {
    async fn high_water(&self, monitor: &Name) -> Result<Option<Time>, StoreError> {
        occurrence::high_water(self, monitor).await.map_err(|fault| fault.doing("read a high-water mark"))
    }

    async fn skip_to(&self, monitor: &Name, at: Time) -> Result<(), StoreError> {
        occurrence::skip_to(self, monitor, at).await.map_err(|fault| fault.doing("skip ticks"))
    }

    async fn claim(&self, monitor: &Name, scheduled_at: Time, now: Time) -> Result<Option<Claim>, StoreError> {
        let claimed = together::claim(self, monitor, scheduled_at, now).await;
        claimed.map_err(|fault| fault.doing("claim an occurrence"))
    }

    async fn unfinished_ticks(&self, of: Option<&Name>) -> Result<BTreeMap<Name, Vec<Time>>, StoreError> {
        occurrence::unfinished(self, of).await.map_err(|fault| fault.doing("look for unfinished ticks"))
    }

    async fn take_tick(&self, monitor: &Name, scheduled_at: Time, now: Time) -> Result<Option<Claim>, StoreError> {
        occurrence::take(self, monitor, scheduled_at, now).await.map_err(|fault| fault.doing("take a tick"))
    }

    async fn pass_over(&self, claim: &Claim, now: Time) -> Result<(), StoreError> {
        occurrence::pass_over(self, claim, now).await.map_err(|fault| fault.doing("pass over a tick"))
    }

    async fn groups(&self, monitor: &Name) -> Result<Groups, StoreError> {
        check::groups(self, monitor).await.map_err(|fault| fault.doing("read a monitor's groups"))
    }

    async fn past_ticks(&self, monitor: &Name, before: Time, limit: u32) -> Result<Vec<PastTick>, StoreError> {
        let read = occurrence::past(self, monitor, before, limit).await;
        read.map_err(|fault| fault.doing("read a monitor's past ticks"))
    }

    async fn baseline_frozen_at(&self, monitor: &Name) -> Result<Option<Time>, StoreError> {
        baseline::frozen_at(self, monitor).await.map_err(|fault| fault.doing("look for a frozen baseline"))
    }

    async fn baseline(&self, monitor: &Name) -> Result<Option<KeptBaseline>, StoreError> {
        baseline::of(self, monitor).await.map_err(|fault| fault.doing("read a frozen baseline"))
    }

    async fn keep_baseline(&self, kept: &KeptBaseline, ledger: &[LedgerRow]) -> Result<(), StoreError> {
        baseline::keep(self, kept, ledger).await.map_err(|fault| fault.doing("freeze a baseline"))
    }

    async fn keep_run(&self, run: &KeptRun) -> Result<(), StoreError> {
        kept_run::keep(self, run).await.map_err(|fault| fault.doing("keep a run"))
    }

    async fn record_check(&self, claim: &Claim, record: &CheckRecord) -> Result<Recorded, StoreError> {
        check::record(self, claim, record).await.map_err(|fault| fault.doing("record a check"))
    }

    async fn record_drill(&self, record: &CheckRecord) -> Result<(), StoreError> {
        check::record_drill(self, record).await.map_err(|fault| fault.doing("record a drill"))
    }

    async fn unfinished_steps(&self, now: Time) -> Result<Vec<Unfinished>, StoreError> {
        answer::unfinished(self, now).await.map_err(|fault| fault.doing("look for unfinished steps"))
    }

    async fn take_step(&self, step: &StepRecord) -> Result<StepRecord, StoreError> {
        step::take(self, step).await.map_err(|fault| fault.doing("take a step"))
    }

    async fn begin_step(&self, step: &StepRecord, begin: &Begin) -> Result<Begun, StoreError> {
        step::begin(self, step, begin).await.map_err(|fault| fault.doing("commit a step's intent"))
    }

    async fn end_step(&self, step: &StepRecord, end: &StepEnd) -> Result<Ending, StoreError> {
        ending::end(self, step, end).await.map_err(|fault| fault.doing("commit a step's end"))
    }

    async fn sending(&self) -> Result<Vec<i64>, StoreError> {
        outbox::sending(self).await.map_err(|fault| fault.doing("read what is being sent"))
    }

    async fn send_again(&self, ids: &[i64], now: Time) -> Result<(), StoreError> {
        outbox::send_again(self, ids, now).await.map_err(|fault| fault.doing("put back unsent messages"))
    }

    async fn due(&self, now: Time, limit: u32, quiet: &Quiet) -> Result<Vec<OutboxItem>, StoreError> {
        outbox::due(self, now, limit, quiet).await.map_err(|fault| fault.doing("take messages from the outbox"))
    }

    async fn next_due(&self) -> Result<Option<Time>, StoreError> {
        outbox::next_due(self).await.map_err(|fault| fault.doing("read the outbox"))
    }

    async fn delivered(
        &self,
        item: &OutboxItem,
        delivered: &Delivered,
        instead: &[NewMessage],
        now: Time,
    ) -> Result<Option<Name>, StoreError> {
        outbox::delivered(self, item, delivered, instead, now).await.map_err(|fault| fault.doing("record a delivery"))
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
        trouble::note(self, troubles).await.map_err(|fault| fault.doing("write what is the matter"))
    }

    fn is_nearest(&self, monitor: &Name) -> bool {
        Self::is_nearest(self, monitor)
    }

    fn lease_lasts(&self) -> bool {
        Self::lease_lasts(self)
    }

    async fn unreadable(&self) -> Result<Vec<Unreadable>, StoreError> {
        unreadable::rows(self).await.map_err(|fault| fault.doing("look for rows that cannot be read"))
    }
}
