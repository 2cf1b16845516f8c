//! Watch: the daemon's loops. One task a monitor, one for the outbox; stopping lets what is in flight finish.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};
use watchkeeper_model::{Misfire, Monitor, Name, Time, digest_of};

use crate::{
    Engine, EngineError, decide,
    ports::store::{Claim, StoreError},
};

/// Asks a running engine to stop: `true` means stop.
pub type Stop = watch::Receiver<bool>;

/// What an engine finds when it starts to watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The process has just started: what an earlier one left in the middle is taken over.
    TakingOver,
    /// An engine with an older configuration still finishes what it has in flight: nothing is taken over.
    Reloaded,
}

/// The outbox is looked at this often even when nothing rings.
const OUTBOX_EVERY: Duration = Duration::from_secs(30);
/// The pause before a loop that failed goes on.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(10);
/// A high-water mark further in the future than this is worth a warning.
const MARK_AHEAD_MAX: chrono::TimeDelta = chrono::TimeDelta::hours(1);

impl Engine {
    /// Watches until asked to stop, then finishes what is in flight. A failing store or a panic costs a loop a pause,
    /// never its life.
    pub async fn watch(self: &Arc<Self>, start: Start, stop: Stop) -> Result<(), EngineError> {
        let started = self.ports.clock.now();
        let mut tasks = JoinSet::new();
        let mut unfinished = BTreeMap::new();
        if start == Start::TakingOver {
            unfinished = self.take_over(&mut tasks).await?;
        }
        let (engine, stopped) = (self.clone(), stop.clone());
        tasks.spawn(async move { engine.watch_outbox(stopped).await });
        let (engine, stopped) = (self.clone(), stop.clone());
        tasks.spawn(async move { engine.watch_people(stopped).await });
        for id in self.workspace.monitors.keys() {
            let (engine, id, stop) = (self.clone(), id.clone(), stop.clone());
            let unfinished = unfinished.remove(&id).unwrap_or_default();
            tasks.spawn(async move { engine.keep_watching(id, started, unfinished, stop).await });
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(panic) = ended {
                tracing::error!(%panic, "a task ended by a mistake in Watchkeeper");
            }
        }
        self.deliver_due().await
    }

    /// Watches one monitor in tasks of their own, so that a panic ends one of them and not the watch.
    async fn keep_watching(self: Arc<Self>, id: Name, started: Time, mut unfinished: Vec<Claim>, stop: Stop) {
        loop {
            let (engine, monitor, stopped) = (self.clone(), id.clone(), stop.clone());
            let claims = std::mem::take(&mut unfinished);
            let watching = async move { engine.watch_monitor(&monitor, started, claims, stopped).await };
            match tokio::spawn(watching).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => tracing::error!(monitor = %id, error = source_of(&error), "the watch goes on soon"),
                Err(panic) => tracing::error!(monitor = %id, %panic, "the watch failed by a mistake in Watchkeeper"),
            }
            if self.stopped_within(PAUSE_AFTER_FAILURE, stop.clone()).await {
                return;
            }
        }
    }

    async fn watch_monitor(
        &self,
        id: &Name,
        started: Time,
        unfinished: Vec<Claim>,
        mut stop: Stop,
    ) -> Result<(), EngineError> {
        let monitor = self.monitor(id.as_str())?;
        for claim in unfinished {
            self.log_failure(monitor, claim.scheduled_at, self.run_claimed(&claim).await);
        }
        self.warn_of_a_mark_ahead(monitor).await?;
        loop {
            let now = self.ports.clock.now();
            let newest = self.ports.store.high_water(&monitor.id).await?.unwrap_or(started);
            self.catch_up(monitor, newest, now, &stop).await?;
            let Some(tick) = monitor.schedule.next_after(newest.max(now)) else { return Ok(()) };
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
                () = self.ports.clock.sleep_until(tick + jitter(monitor)) => {}
            }
            self.run_logged(monitor, tick).await;
        }
    }

    /// A clock that ran ahead, or a simulation of the future, leaves a mark that silences a monitor: say so.
    async fn warn_of_a_mark_ahead(&self, monitor: &Monitor) -> Result<(), EngineError> {
        let mark = self.ports.store.high_water(&monitor.id).await?;
        if let Some(mark) = mark.filter(|mark| *mark > self.ports.clock.now() + MARK_AHEAD_MAX) {
            tracing::warn!(monitor = %monitor.id, %mark, "ticks up to this time are recorded already: nothing runs before it");
        }
        Ok(())
    }

    /// Runs the ticks in `(newest, now]` that may still begin and that the misfire policy keeps; passes over the rest.
    async fn catch_up(&self, monitor: &Monitor, newest: Time, now: Time, stop: &Stop) -> Result<(), EngineError> {
        let schedule = &monitor.schedule;
        // Older ticks may not begin any more, so a long absence costs no more than a short one.
        let oldest = now - schedule.starting_deadline - chrono::TimeDelta::microseconds(1);
        let missed: Vec<Time> = schedule.ticks(newest.max(oldest), now).collect();
        let Some(last) = missed.last().copied() else { return Ok(()) };
        let kept = match schedule.misfire {
            Misfire::Skip => &[],
            Misfire::Latest => &missed[missed.len() - 1..],
            Misfire::All => &missed[..],
        };
        for tick in kept {
            if *stop.borrow() {
                return Ok(());
            }
            self.run_logged(monitor, *tick).await;
        }
        self.ports.store.skip_to(&monitor.id, last).await?;
        Ok(())
    }

    async fn run_logged(&self, monitor: &Monitor, tick: Time) {
        self.log_failure(monitor, tick, self.run_tick(monitor.id.as_str(), tick).await.map(|_| ()));
    }

    fn log_failure(&self, monitor: &Monitor, tick: Time, ended: Result<(), EngineError>) {
        match ended {
            // Another owner goes on with it.
            Ok(()) | Err(EngineError::Store(StoreError::Fenced)) => {}
            Err(error) => tracing::error!(monitor = %monitor.id, %tick, error = source_of(&error), "a tick failed"),
        }
    }

    /// Claims one tick and does all that follows; a tick that was claimed before does nothing.
    pub(crate) async fn run_tick(&self, monitor: &str, tick: Time) -> Result<Option<Claim>, EngineError> {
        let monitor = self.monitor(monitor)?;
        let claim = self.ports.store.claim(&monitor.id, tick, self.ports.clock.now()).await?;
        if let Some(claim) = &claim {
            self.run_claimed(claim).await?;
        }
        Ok(claim)
    }

    /// Check, decide, record, act.
    pub(crate) async fn run_claimed(&self, claim: &Claim) -> Result<(), EngineError> {
        let monitor = self.monitor(claim.monitor.as_str())?;
        let Some(runbook) = self.runbook(monitor) else { return Ok(()) };
        let evaluation = {
            let _turn = self.checks.acquire().await;
            self.evaluate(monitor.id.as_str(), claim.scheduled_at).await?
        };
        tracing::info!(monitor = %monitor.id, tick = %claim.scheduled_at, verdict = %evaluation.verdict, error = evaluation.error, "checked");
        let groups = self.insist(|| self.ports.store.groups(&monitor.id)).await?;
        let mut record = decide(&self.workspace, monitor, runbook, &groups, &evaluation, self.ports.clock.now());
        self.add_trends(monitor, &evaluation, &mut record).await?;
        self.freeze_after(monitor, &evaluation).await?;
        self.insist(|| self.ports.store.record_check(claim, &record)).await?;
        self.outbox.notify_one();
        let mut incidents: Vec<&str> = record.steps.iter().map(|step| step.incident.as_str()).collect();
        incidents.dedup();
        for incident in incidents {
            self.run_steps(incident).await?;
        }
        Ok(())
    }

    /// Sends what falls due, each message in a task of its own: a channel that hangs holds nobody else up.
    async fn watch_outbox(self: Arc<Self>, mut stop: Stop) {
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            let wake = match self.send_due(&mut under_way).await {
                Ok(wake) => wake,
                Err(error) => {
                    tracing::error!(error = source_of(&error), "the outbox cannot be read; it is tried again soon");
                    self.ports.clock.now() + PAUSE_AFTER_FAILURE
                }
            };
            tokio::select! {
                () = self.ports.clock.sleep_until(wake) => {}
                () = self.outbox.notified() => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Starts every delivery that is due and says when to look again.
    async fn send_due(self: &Arc<Self>, under_way: &mut JoinSet<()>) -> Result<Time, EngineError> {
        for item in self.take_due().await? {
            let engine = self.clone();
            under_way.spawn(async move { engine.deliver_logged(&item).await });
        }
        // Those that ended are let go of.
        while under_way.try_join_next().is_some() {}
        let now = self.ports.clock.now();
        let next = self.next_delivery().await?;
        Ok(next.map_or(now + OUTBOX_EVERY, |due| due.clamp(now, now + OUTBOX_EVERY)))
    }

    /// Waits; whether it was asked to stop meanwhile.
    pub(crate) async fn stopped_within(&self, pause: Duration, mut stop: Stop) -> bool {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => true,
            () = self.ports.clock.sleep_until(self.ports.clock.now() + pause) => false,
        }
    }
}

/// An error with its causes, as the log prints them.
pub(crate) fn source_of(error: &EngineError) -> &(dyn std::error::Error + 'static) {
    error
}

/// A delay below the schedule's jitter, the same at every tick of a monitor.
fn jitter(monitor: &Monitor) -> Duration {
    let spread = u64::try_from(monitor.schedule.jitter.as_millis()).unwrap_or(u64::MAX);
    let digest = digest_of(&["jitter", monitor.id.as_str()]);
    let seed = u64::from_str_radix(digest.get(..15).unwrap_or("0"), 16).unwrap_or(0);
    Duration::from_millis(seed.checked_rem(spread).unwrap_or(0))
}
