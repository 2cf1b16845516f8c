//! `simulate`: the whole engine on a simulated clock.

mod summary;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use watchkeeper_engine::{Engine, SimulatedClock, Tick, ports::clock::Clock};
use watchkeeper_model::{Name, Time, Workspace};
use watchkeeper_store::SqlStore;

use crate::{
    args::{PeriodArgs, SimulateArgs},
    assembly::{self, Notes},
    clock::SystemClock,
    commands::monitors,
    exit::Exit,
    failure::Failure,
    rehearsal::Tellings,
    render::{terminal::Terminal, text::utc},
    stored::StoreAt,
    turn::Turn,
    wiring,
};

/// Runs every tick of the period. Actions and messages are printed, not done, unless `--execute`.
pub(crate) async fn run(folder: &Path, args: &SimulateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.execute {
        refuse_the_future(&args.period, SystemClock.now())?;
    }
    let workspace = wiring::configuration(folder, terminal).await?;
    let all: Vec<Name> = workspace.monitors.keys().cloned().collect();
    let ticks = monitors::ticks(&workspace, &all, &args.period)?;
    if ticks.is_empty() {
        terminal.note(monitors::no_tick(&workspace, &all, &args.period))?;
        return Ok(Exit::Fine);
    }
    let clock = Arc::new(SimulatedClock::at(args.period.from));
    if args.execute {
        let store = Arc::new(StoreAt::of(folder, &workspace).open().await?);
        let turn = Turn::begin(&store, "a simulation").await?;
        let notes = Notes::default();
        let engine = assembly::real(folder, workspace, clock.clone(), store.clone(), notes.clone())?;
        let simulation = Simulation { engine, clock, store, said: Said::Sent(notes) };
        let exit = simulation.play(&ticks, args.period.to, terminal).await?;
        turn.end().await?;
        Ok(exit)
    } else {
        terminal.note("A rehearsal: nothing is done, nothing is sent. --execute does both.")?;
        let store = assembly::rehearsal_store(folder, &workspace).await?;
        let tellings = Tellings::default();
        let engine = assembly::rehearsal(folder, workspace, clock.clone(), store.clone(), tellings.clone())?;
        let simulation = Simulation { engine, clock, store, said: Said::Kept(tellings) };
        simulation.play(&ticks, args.period.to, terminal).await
    }
}

/// Nothing fires at or before a recorded tick: one that is recorded ahead of time would blind the daemon until then.
fn refuse_the_future(period: &PeriodArgs, now: Time) -> Result<(), Failure> {
    if period.to <= now {
        return Ok(());
    }
    let (to, now) = (utc(period.to), utc(now));
    let failure = Failure::usage(format!(
        "--to {to} is after now ({now}): ticks recorded ahead of time would keep the daemon from running them"
    ));
    Err(failure.hint("end the period by now, or leave out --execute: a rehearsal may look ahead"))
}

/// An engine on a simulated clock.
struct Simulation {
    engine: Engine,
    clock: Arc<SimulatedClock>,
    store: Arc<SqlStore>,
    said: Said,
}

/// Where messages went.
enum Said {
    /// To their channels; console channels wrote here.
    Sent(Notes),
    /// Nowhere: it is a rehearsal.
    Kept(Tellings),
}

impl Said {
    fn take(&self) -> String {
        match self {
            Self::Sent(notes) => notes.take(),
            Self::Kept(tellings) => tellings.take(),
        }
    }
}

/// Ticks of a monitor: all, and those that ran in an earlier simulation or under the daemon.
#[derive(Default)]
struct Ticks {
    all: u32,
    before: u32,
}

impl Simulation {
    async fn play(self, ticks: &[Tick], to: Time, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let known = summary::incidents(&self.store).await?;
        let mut counts: BTreeMap<&Name, Ticks> = BTreeMap::new();
        for tick in ticks {
            let ran = self.engine.simulate_tick(&self.clock, tick).await?;
            let count = counts.entry(&tick.monitor).or_default();
            count.all += 1;
            count.before += u32::from(!ran);
            self.tell(terminal)?;
        }
        self.engine.simulate_until(&self.clock, to).await?;
        self.tell(terminal)?;
        for (monitor, count) in &counts {
            terminal.line(counted(monitor, count))?;
        }
        let rehearsed = matches!(self.said, Said::Kept(_));
        let workspace: &Workspace = self.engine.workspace();
        summary::print(workspace, &self.store, &known, rehearsed, terminal).await?;
        Ok(Exit::Fine)
    }

    fn tell(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        let said = self.said.take();
        if !said.is_empty() {
            terminal.line(format_args!("{said}\n"))?;
        }
        Ok(())
    }
}

/// `loan-auc: 24 ticks, 24 of them ran before`.
fn counted(monitor: &Name, count: &Ticks) -> String {
    let plural = if count.all == 1 { "" } else { "s" };
    let before = match count.before {
        0 => String::new(),
        before => format!(", {before} of them ran before"),
    };
    format!("{monitor}: {} tick{plural}{before}", count.all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_that_ran_before_are_told_apart() {
        let monitor = Name::parse("loan-auc").unwrap();
        let told = |all, before| counted(&monitor, &Ticks { all, before });
        assert_eq!(told(24, 24), "loan-auc: 24 ticks, 24 of them ran before");
        assert_eq!(told(1, 0), "loan-auc: 1 tick");
    }

    #[test]
    fn only_the_future_is_refused() {
        let now = Time::from_timestamp(1_767_225_600, 0).unwrap();
        let until = |seconds| PeriodArgs { from: now, to: now + chrono::TimeDelta::seconds(seconds) };
        assert!(refuse_the_future(&until(0), now).is_ok());
        assert_eq!(refuse_the_future(&until(1), now).unwrap_err().exit, Exit::Usage);
    }
}
