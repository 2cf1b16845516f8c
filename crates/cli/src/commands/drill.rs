//! `drill`: a pretended breach through runbook, messages and handoff.

use std::{path::Path, sync::Arc};

use watchkeeper_engine::ports::clock::Clock;

use crate::{
    args::DrillArgs,
    assembly::{self, Notes},
    clock::SystemClock,
    commands::monitors,
    exit::Exit,
    failure::Failure,
    render::terminal::Terminal,
    wiring,
};

/// Drills one monitor. Steps and messages are printed, not done, unless `--execute`.
pub(crate) async fn run(folder: &Path, args: &DrillArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    monitors::named(&workspace, std::slice::from_ref(&args.monitor))?;
    let (clock, notes) = (Arc::new(SystemClock), Notes::default());
    let mut lock = None;
    let engine = if args.execute {
        let store = Arc::new(wiring::store(folder, &workspace).await?);
        lock = store.lock_daemon("a drill", SystemClock.now()).map_err(Failure::unreachable)?;
        assembly::real(folder, workspace, clock, store, notes.clone())?
    } else {
        terminal.note("A rehearsal: nothing is done, nothing is sent. --execute does both.")?;
        assembly::rehearsal(folder, workspace, clock, notes.clone()).await?
    };
    let incident = engine.drill(&args.monitor).await.map_err(Failure::internal)?;
    drop(lock);
    let said = notes.take();
    if !said.is_empty() {
        terminal.line(said)?;
    }
    if let Some(incident) = incident.filter(|_| args.execute) {
        terminal.line(format!("Drill {}: see `watchkeeper incidents show {}`.", incident.id, incident.id))?;
    }
    Ok(Exit::Fine)
}
