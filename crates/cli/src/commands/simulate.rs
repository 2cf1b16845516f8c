//! `simulate`: the whole engine on a simulated clock.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use watchkeeper_engine::{Engine, SimulatedClock, ports::clock::Clock, ticks_between};
use watchkeeper_model::{Name, Workspace};

use crate::{
    args::SimulateArgs,
    assembly::{self, Notes},
    clock::SystemClock,
    exit::Exit,
    failure::Failure,
    render::terminal::Terminal,
    wiring,
};

/// Runs every tick of the period. Actions and messages are printed, not done, unless `--execute`.
pub(crate) async fn run(folder: &Path, args: &SimulateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    let clock = Arc::new(SimulatedClock::at(args.period.from));
    let notes = Notes::default();
    if args.execute {
        let store = Arc::new(wiring::store(folder, &workspace).await?);
        let _lock = store.lock_daemon("a simulation", SystemClock.now()).map_err(Failure::unreachable)?;
        let engine = assembly::real(folder, workspace, clock.clone(), store, notes.clone())?;
        play(&engine, &clock, args, &notes, terminal).await
    } else {
        terminal.note("A rehearsal: nothing is done, nothing is sent. --execute does both.")?;
        let engine = assembly::rehearsal(folder, workspace, clock.clone(), notes.clone()).await?;
        play(&engine, &clock, args, &notes, terminal).await
    }
}

async fn play(
    engine: &Engine,
    clock: &Arc<SimulatedClock>,
    args: &SimulateArgs,
    notes: &Notes,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let monitors: Vec<Name> = engine.workspace().monitors.keys().cloned().collect();
    let ticks = ticks_between(engine.workspace(), &monitors, args.period.from, args.period.to);
    for tick in &ticks {
        engine.simulate_tick(clock, tick).await.map_err(Failure::internal)?;
        let said = notes.take();
        if !said.is_empty() {
            terminal.line(said)?;
        }
    }
    engine.simulate_until(clock, args.period.to).await.map_err(Failure::internal)?;
    terminal.line(summary(engine.workspace(), ticks.iter().map(|tick| &tick.monitor)))?;
    Ok(Exit::Fine)
}

fn summary<'a>(workspace: &Workspace, ticks: impl Iterator<Item = &'a Name>) -> String {
    let mut counts: BTreeMap<&Name, u32> = workspace.monitors.keys().map(|id| (id, 0)).collect();
    for monitor in ticks {
        *counts.entry(monitor).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(monitor, count)| format!("{count} of {monitor}")).collect();
    format!("Ticks: {}.", counts.join(", "))
}
