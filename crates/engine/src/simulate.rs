//! Simulate: the whole engine, tick by tick, on a simulated clock.

use std::sync::Arc;

use watchkeeper_model::{Name, Time, Workspace};

use crate::{clock::SimulatedClock, engine::Engine, error::EngineError};

/// One tick of one monitor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick {
    /// When.
    pub at: Time,
    /// Which monitor.
    pub monitor: Name,
}

/// Every tick of these monitors from `from` to `to`, both ends included, in order of time.
pub fn ticks_between(workspace: &Workspace, monitors: &[Name], from: Time, to: Time) -> Vec<Tick> {
    let just_before = from - chrono::TimeDelta::microseconds(1);
    let known = monitors.iter().filter_map(|id| workspace.monitors.get(id));
    let ticks = known.flat_map(|monitor| {
        let ticks = monitor.schedule.ticks(just_before, to);
        ticks.map(|at| Tick { at, monitor: monitor.id.clone() }).collect::<Vec<_>>()
    });
    let mut ticks: Vec<Tick> = ticks.collect();
    ticks.sort();
    ticks
}

impl Engine {
    /// Runs one tick on the simulated clock: messages that fall due before it go out first, its own right after. Whether a
    /// step helped is looked at once, in the data as it is at the end of the time for it.
    /// Gives whether it ran: one that is recorded already does not run again.
    pub async fn simulate_tick(&self, clock: &Arc<SimulatedClock>, tick: &Tick) -> Result<bool, EngineError> {
        self.simulate_until(clock, tick.at).await?;
        let ran = self.watch.run_tick(self.watched(tick.monitor.as_str())?, tick.at).await?;
        self.finish().await?;
        if self.watch.verify.conclude().await? {
            self.finish().await?;
        }
        Ok(ran)
    }

    /// Moves the clock to `time`, sending what falls due on the way.
    pub async fn simulate_until(&self, clock: &Arc<SimulatedClock>, time: Time) -> Result<(), EngineError> {
        while let Some(due) = self.outbox.next_due().await?.filter(|due| *due < time) {
            clock.advance_to(due);
            self.outbox.flush().await?;
        }
        clock.advance_to(time);
        Ok(())
    }
}
