//! Watch: the daemon's loops, each supervised. One task a monitor, one for the steps, one for the outbox, one that looks
//! after the store; stopping lets what is in flight finish.

mod alarm;
mod lateness;
mod look;
mod remembered;
mod reports;
mod stranded;

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use watchkeeper_model::{Monitor, Name, Time, Verdict, Workspace, digest_of};

use self::lateness::Kept;
pub(crate) use self::{remembered::Remembered, stranded::Stranded};
use crate::{
    decide::decide,
    error::EngineError,
    evaluate::Evaluator,
    evaluation::Evaluation,
    in_hand::{Held, InHand, Piece},
    outbox::{self, Outbox},
    ports::{
        meter::Counted,
        replay::KeptRun,
        store::{CheckRecord, Claim, PastTick, Recorded, Store, StoreError},
    },
    retry::Retry,
    steps::{self, Steps},
    supervise::{Stop, supervise},
    trend,
    verify::{self, Verify},
    watched::Watched,
};

/// A high-water mark further in the future than this is worth a warning.
const MARK_AHEAD_MAX: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// A tick that the replica whose it is has not begun after so long is begun by another one, before it is a missed one.
const STAND_BY: Duration = Duration::from_secs(3);

/// Runs ticks.
pub(crate) struct Watch {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) evaluator: Arc<Evaluator>,
    pub(crate) steps: Arc<Steps>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) verify: Arc<Verify>,
    pub(crate) retry: Retry,
    pub(crate) in_hand: Arc<InHand>,
    pub(crate) remembered: Remembered,
    pub(crate) stranded: Stranded,
}

impl Watch {
    /// Watches until asked to stop, then lets what is in hand finish. A failing store or a panic costs a loop a pause,
    /// never its life.
    pub(crate) async fn run(self: &Arc<Self>, stop: Stop) {
        let started = self.retry.clock.now();
        let mut ticking = JoinSet::new();
        for id in self.workspace.monitors.keys() {
            let (watch, id, stop) = (Arc::clone(self), id.clone(), stop.clone());
            ticking.spawn(async move {
                let work = || {
                    let (watch, id, stop) = (Arc::clone(&watch), id.clone(), stop.clone());
                    async move { watch.monitor(&id, started, stop).await }
                };
                supervise(&part(&id), &watch.retry, &stop, work).await;
            });
        }
        let mut others = JoinSet::new();
        let (watch, stopped) = (Arc::clone(self), stop.clone());
        others.spawn(async move {
            let work = || Arc::clone(&watch.steps).watch(stopped.clone());
            supervise(steps::PART, &watch.retry, &stopped, work).await;
        });
        let (watch, stopped) = (Arc::clone(self), stop.clone());
        others.spawn(async move {
            let work = || Arc::clone(&watch.outbox).watch(stopped.clone());
            supervise(outbox::PART, &watch.retry, &stopped, work).await;
        });
        let (watch, stopped) = (Arc::clone(self), stop.clone());
        others.spawn(async move {
            let work = || Arc::clone(&watch.verify).watch(stopped.clone());
            supervise(verify::PART, &watch.retry, &stopped, work).await;
        });
        let (watch, stopped) = (Arc::clone(self), stop.clone());
        others.spawn(async move {
            let work = || Arc::clone(&watch).look_after_the_store(stopped.clone());
            supervise(look::PART, &watch.retry, &stopped, work).await;
        });
        while ticking.join_next().await.is_some() {}
        while others.join_next().await.is_some() {}
    }

    async fn monitor(&self, id: &Name, started: Time, mut stop: Stop) -> Result<(), EngineError> {
        let watched = Watched::of(&self.workspace, id).ok_or_else(|| EngineError::NoSuchMonitor(id.to_string()))?;
        self.warn_of_a_mark_ahead(watched.monitor).await?;
        loop {
            self.take_up(watched).await?;
            let mark = self.store.high_water(id).await?.unwrap_or(started);
            if self.follow(watched, mark, &mut stop).await? {
                return Ok(());
            }
        }
    }

    /// Runs the ticks after `newest` as they come. Gives whether that is all; if not, a tick may be in nobody's hand.
    async fn follow(&self, watched: Watched<'_>, mut newest: Time, stop: &mut Stop) -> Result<bool, EngineError> {
        let monitor = watched.monitor;
        loop {
            let now = self.retry.clock.now();
            newest = self.catch_up(watched, newest, now, stop).await?;
            self.retry.health.well(&part(&monitor.id));
            let Some(tick) = monitor.schedule.next_after(newest.max(now)) else { return Ok(true) };
            let stand_by = if self.store.is_nearest(&monitor.id) { Duration::ZERO } else { STAND_BY };
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return Ok(true),
                () = self.stranded.of(&monitor.id) => return Ok(false),
                () = self.retry.clock.sleep_until(tick + jitter(monitor) + stand_by) => {}
            }
            // One that wakes late is a missed one: the misfire policy says what becomes of it.
            if !lateness::is_late(tick + jitter(monitor), self.retry.clock.now()) {
                self.run_tick(watched, tick).await?;
                newest = tick;
            }
        }
    }

    /// A clock that ran ahead, or a simulation of the future, leaves a mark that silences a monitor: say so.
    async fn warn_of_a_mark_ahead(&self, monitor: &Monitor) -> Result<(), EngineError> {
        let mark = self.store.high_water(&monitor.id).await?;
        if let Some(mark) = mark.filter(|mark| *mark > self.retry.clock.now() + MARK_AHEAD_MAX) {
            tracing::warn!(monitor = %monitor.id, %mark, "ticks up to this time are recorded already: nothing runs before it");
        }
        Ok(())
    }

    /// Goes on with the ticks that were claimed and not recorded, and that nobody has in hand.
    async fn take_up(&self, watched: Watched<'_>) -> Result<(), EngineError> {
        let id = &watched.monitor.id;
        for tick in self.store.unfinished_ticks(Some(id)).await?.remove(id).unwrap_or_default() {
            let Some(held) = self.in_hand.take(Piece::Tick(id.clone(), tick)) else { continue };
            let Some(claim) = self.store.take_tick(id, tick, self.retry.clock.now()).await? else { continue };
            self.run_claimed(watched, &claim, held).await?;
        }
        Ok(())
    }

    /// Runs the ticks in `(newest, now]` that may still begin and that the misfire policy keeps; passes over the rest.
    /// Gives the newest that is done with.
    async fn catch_up(&self, watched: Watched<'_>, newest: Time, now: Time, stop: &Stop) -> Result<Time, EngineError> {
        let Some(Kept { ticks, last }) = lateness::missed(&watched.monitor.schedule, newest, now) else {
            return Ok(newest);
        };
        for tick in &ticks {
            if *stop.borrow() {
                return Ok(newest);
            }
            self.run_tick(watched, *tick).await?;
        }
        if ticks.last() != Some(&last) {
            self.store.skip_to(&watched.monitor.id, last).await?;
        }
        Ok(last)
    }

    /// Claims one tick and does all that follows; gives whether it ran: one that was claimed before does nothing.
    pub(crate) async fn run_tick(&self, watched: Watched<'_>, tick: Time) -> Result<bool, EngineError> {
        let id = &watched.monitor.id;
        let Some(held) = self.in_hand.take(Piece::Tick(id.clone(), tick)) else { return Ok(false) };
        let Some(claim) = self.store.claim(id, tick, self.retry.clock.now()).await? else { return Ok(false) };
        self.run_claimed(watched, &claim, held).await?;
        Ok(true)
    }

    /// Check, decide, record. What was planned is done by the steps' own loop.
    async fn run_claimed(&self, watched: Watched<'_>, claim: &Claim, _held: Held) -> Result<(), EngineError> {
        let (monitor, tick) = (watched.monitor, claim.scheduled_at);
        if self.retry.clock.now() > tick + monitor.schedule.starting_deadline + monitor.schedule.jitter {
            tracing::warn!(monitor = %monitor.id, %tick, "a tick is passed over: it is past its starting deadline");
            return Ok(self.retry.until_answered(|| self.store.pass_over(claim, self.retry.clock.now())).await?);
        }
        let (evaluation, run) = self.evaluator.evaluate(monitor, tick).await;
        // A line a tick would be gigabytes a day: what is well is said to whoever asks.
        match evaluation.verdict {
            Verdict::Ok => tracing::debug!(monitor = %monitor.id, %tick, "checked: ok"),
            verdict => tracing::info!(monitor = %monitor.id, %tick, %verdict, error = evaluation.error, "checked"),
        }
        let something_follows = match self.record(watched, claim, &evaluation).await {
            // Another owner goes on with it.
            Err(StoreError::Fenced) => return Ok(()),
            recorded => recorded?,
        };
        if something_follows {
            self.steps.ring();
            self.outbox.ring();
        }
        if let Some(run) = run {
            self.keep_run(&run).await;
        }
        self.evaluator.freeze_after(monitor, &evaluation).await;
        Ok(())
    }

    /// Keeps a run to be run again. The tick is recorded already: without it only its replay is lost.
    async fn keep_run(&self, run: &KeptRun) {
        if let Err(error) = self.store.keep_run(run).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(monitor = %run.monitor, error, "a run cannot be kept to be replayed");
        }
    }

    /// Decides on what is remembered, and commits it only if that is still so. Gives whether anything follows from it.
    async fn record(&self, watched: Watched<'_>, claim: &Claim, evaluation: &Evaluation) -> Result<bool, StoreError> {
        loop {
            let id = &watched.monitor.id;
            let groups = match self.remembered.take(id) {
                Some(groups) => groups,
                None => self.retry.until_answered(|| self.store.groups(id)).await?,
            };
            let mut record = decide(&self.workspace, watched, &groups, evaluation, self.retry.clock.now());
            if trend::is_told(&record) {
                trend::add(
                    watched.monitor,
                    evaluation,
                    &self.past_ticks(watched.monitor, evaluation.at).await,
                    &mut record,
                );
            }
            match self.retry.until_answered(|| self.store.record_check(claim, &record)).await? {
                Recorded::Whole => {
                    self.count(watched.monitor, evaluation, &record);
                    let is_quiet = record.is_quiet();
                    self.remembered.keep(claim, groups, record);
                    return Ok(!is_quiet);
                }
                Recorded::Moved => {}
            }
        }
    }

    fn count(&self, monitor: &Monitor, evaluation: &Evaluation, record: &CheckRecord) {
        let took = Duration::from_millis(evaluation.elapsed_ms.unsigned_abs());
        let lag = (record.at - evaluation.at).to_std().unwrap_or_default().saturating_sub(took);
        let (verdict, plugin) = (evaluation.verdict, monitor.check.plugin.as_str());
        let meter = &self.retry.meter;
        meter.count(&Counted::Tick { verdict, plugin, lag, took });
        let opened = record.ledger.iter().filter(|row| row.kind == "incident.opened").count();
        meter.count(&Counted::Opened(opened));
        meter.count(&Counted::Recovered(record.resolved.len()));
    }

    /// Earlier ticks for a chart; a breach is told without one rather than late.
    async fn past_ticks(&self, monitor: &Monitor, before: Time) -> Vec<PastTick> {
        let read = self.store.past_ticks(&monitor.id, before, trend::TICKS_MAX).await;
        read.unwrap_or_else(|error| {
            tracing::warn!(monitor = %monitor.id, error = &error as &dyn std::error::Error, "no chart: earlier ticks cannot be read");
            Vec::new()
        })
    }
}

/// A monitor's name in health.
fn part(id: &Name) -> String {
    format!("monitor {id}")
}

/// A delay below the schedule's jitter, the same at every tick of a monitor.
fn jitter(monitor: &Monitor) -> Duration {
    let spread = u64::try_from(monitor.schedule.jitter.as_millis()).unwrap_or(u64::MAX);
    let digest = digest_of(&["jitter", monitor.id.as_str()]);
    let seed = u64::from_str_radix(digest.get(..15).unwrap_or("0"), 16).unwrap_or(0);
    Duration::from_millis(seed.checked_rem(spread).unwrap_or(0))
}
