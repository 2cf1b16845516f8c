//! The engine's port on SQLite: one line a method, each one transaction.

use async_trait::async_trait;
use watchkeeper_engine::{
    KeptBaseline,
    ports::store::{
        Answered, Begin, Begun, CheckRecord, Claim, Groups, LedgerRow, OutboxItem, PastTick, StepEnd, StepRecord,
        Store, StoreError,
    },
};
use watchkeeper_model::{Name, Time};

use crate::{SqliteStore, answer, baseline, check, occurrence, outbox, step};

#[async_trait]
impl Store for SqliteStore {
    async fn high_water(&self, monitor: &Name) -> Result<Option<Time>, StoreError> {
        occurrence::high_water(self, monitor).await.map_err(|fault| fault.doing("read a high-water mark"))
    }

    async fn skip_to(&self, monitor: &Name, at: Time) -> Result<(), StoreError> {
        occurrence::skip_to(self, monitor, at).await.map_err(|fault| fault.doing("skip ticks"))
    }

    async fn claim(&self, monitor: &Name, scheduled_at: Time, now: Time) -> Result<Option<Claim>, StoreError> {
        let claimed = occurrence::claim(self, monitor, scheduled_at, now).await;
        claimed.map_err(|fault| fault.doing("claim an occurrence"))
    }

    async fn take_over_occurrences(&self, now: Time) -> Result<Vec<Claim>, StoreError> {
        occurrence::take_over(self, now).await.map_err(|fault| fault.doing("take over occurrences"))
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

    async fn record_check(&self, claim: &Claim, record: &CheckRecord) -> Result<(), StoreError> {
        check::record(self, claim, record).await.map_err(|fault| fault.doing("record a check"))
    }

    async fn record_drill(&self, record: &CheckRecord) -> Result<(), StoreError> {
        check::record_drill(self, record).await.map_err(|fault| fault.doing("record a drill"))
    }

    async fn take_over_steps(&self, now: Time) -> Result<Vec<StepRecord>, StoreError> {
        step::take_over(self, now).await.map_err(|fault| fault.doing("take over steps"))
    }

    async fn planned_steps(&self, incident: &str) -> Result<Vec<StepRecord>, StoreError> {
        step::planned(self, incident).await.map_err(|fault| fault.doing("read planned steps"))
    }

    async fn answered_steps(&self, now: Time) -> Result<Vec<Answered>, StoreError> {
        answer::answered(self, now).await.map_err(|fault| fault.doing("read what people answered"))
    }

    async fn begin_step(&self, step: &StepRecord, begin: &Begin) -> Result<Begun, StoreError> {
        step::begin(self, step, begin).await.map_err(|fault| fault.doing("commit a step's intent"))
    }

    async fn end_step(&self, step: &StepRecord, end: &StepEnd) -> Result<(), StoreError> {
        step::end(self, step, end).await.map_err(|fault| fault.doing("commit a step's end"))
    }

    async fn due(&self, now: Time, limit: u32) -> Result<Vec<OutboxItem>, StoreError> {
        outbox::due(self, now, limit).await.map_err(|fault| fault.doing("take messages from the outbox"))
    }

    async fn next_due(&self) -> Result<Option<Time>, StoreError> {
        outbox::next_due(self).await.map_err(|fault| fault.doing("read the outbox"))
    }

    async fn delivered(
        &self,
        item: &OutboxItem,
        outcome: &str,
        retry_at: Option<Time>,
        now: Time,
    ) -> Result<(), StoreError> {
        let recorded = outbox::delivered(self, item, outcome, retry_at, now).await;
        recorded.map_err(|fault| fault.doing("record a delivery"))
    }
}
