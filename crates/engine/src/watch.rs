//! Watch: the daemon's loops. One task a monitor, one for the outbox; stopping lets what is in flight finish.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinSet};
use watchkeeper_model::{Misfire, Monitor, Time, digest_of};

use crate::{Engine, EngineError, decide, ports::store::Claim};

/// Asks a running engine to stop: `true` means stop.
pub type Stop = watch::Receiver<bool>;

/// The outbox is looked at this often even when nothing rings.
const OUTBOX_EVERY: Duration = Duration::from_secs(30);

impl Engine {
    /// Recovers, then watches until asked to stop, then finishes what is in flight.
    pub async fn watch(self: &Arc<Self>, stop: Stop) -> Result<(), EngineError> {
        self.recover().await?;
        let started = self.ports.clock.now();
        let mut tasks = JoinSet::new();
        for monitor in self.workspace.monitors.values() {
            let (engine, monitor, stop) = (self.clone(), monitor.clone(), stop.clone());
            tasks.spawn(async move { engine.watch_monitor(&monitor, started, stop).await });
        }
        let (engine, stopped) = (self.clone(), stop.clone());
        tasks.spawn(async move { engine.watch_outbox(stopped).await });
        while let Some(ended) = tasks.join_next().await {
            if let Ok(Err(error)) = ended {
                tracing::error!(%error, "a watch ended");
            }
        }
        self.deliver_due().await
    }

    async fn watch_monitor(&self, monitor: &Monitor, started: Time, mut stop: Stop) -> Result<(), EngineError> {
        loop {
            let now = self.ports.clock.now();
            let newest = self.ports.store.high_water(&monitor.id).await?.unwrap_or(started);
            self.catch_up(monitor, newest, now, &stop).await?;
            let Some(tick) = monitor.schedule.next_after(newest.max(now)) else { return Ok(()) };
            tokio::select! {
                () = self.ports.clock.sleep_until(tick + jitter(monitor)) => {}
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
            self.run_logged(monitor, tick).await;
        }
    }

    /// Runs the ticks in `(newest, now]` that the misfire policy keeps, and passes over the others.
    async fn catch_up(&self, monitor: &Monitor, newest: Time, now: Time, stop: &Stop) -> Result<(), EngineError> {
        let missed: Vec<Time> = monitor.schedule.ticks(newest, now).collect();
        let Some(last) = missed.last().copied() else { return Ok(()) };
        let in_time: Vec<Time> =
            missed.into_iter().filter(|tick| *tick + monitor.schedule.starting_deadline >= now).collect();
        let kept = match monitor.schedule.misfire {
            Misfire::Skip => &[],
            Misfire::Latest => &in_time[in_time.len().saturating_sub(1)..],
            Misfire::All => &in_time[..],
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
        if let Err(error) = self.run_tick(monitor.id.as_str(), tick).await {
            tracing::error!(monitor = %monitor.id, %tick, %error, "a tick failed");
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
        let groups = self.ports.store.groups(&monitor.id).await?;
        let mut record = decide(&self.workspace, monitor, runbook, &groups, &evaluation, self.ports.clock.now());
        self.add_trends(monitor, &evaluation, &mut record).await?;
        self.freeze_after(monitor, &evaluation).await?;
        self.ports.store.record_check(claim, &record).await?;
        self.outbox.notify_one();
        let mut incidents: Vec<&str> = record.steps.iter().map(|step| step.incident.as_str()).collect();
        incidents.dedup();
        for incident in incidents {
            self.run_steps(incident).await?;
        }
        Ok(())
    }

    async fn watch_outbox(&self, mut stop: Stop) -> Result<(), EngineError> {
        loop {
            if let Err(error) = self.deliver_due().await {
                tracing::error!(%error, "the outbox failed");
            }
            let now = self.ports.clock.now();
            let next = self.next_delivery().await.ok().flatten();
            let wake = next.map_or(now + OUTBOX_EVERY, |due| due.clamp(now, now + OUTBOX_EVERY));
            tokio::select! {
                () = self.ports.clock.sleep_until(wake) => {}
                () = self.outbox.notified() => {}
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
    }
}

/// A delay below the schedule's jitter, the same at every tick of a monitor.
fn jitter(monitor: &Monitor) -> Duration {
    let spread = u64::try_from(monitor.schedule.jitter.as_millis()).unwrap_or(u64::MAX);
    let digest = digest_of(&["jitter", monitor.id.as_str()]);
    let seed = u64::from_str_radix(digest.get(..15).unwrap_or("0"), 16).unwrap_or(0);
    Duration::from_millis(seed.checked_rem(spread).unwrap_or(0))
}
