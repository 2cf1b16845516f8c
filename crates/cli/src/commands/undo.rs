//! `undo`: people take back what a step did.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::Name;

use crate::{
    args::StepArgs,
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
};

/// Records the step that takes it back; the daemon runs it.
pub(crate) async fn run(folder: &Path, args: &StepArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let step = Name::parse(&args.step).map_err(Failure::usage)?;
    let store = opened(folder, terminal).await?.store;
    let by = person::person(&args.by);
    let undo = store.undo_step(&args.run, &step, &by, SystemClock.now()).await.map_err(refused)?;
    terminal.line(format_args!(
        "step {undo} of run {} takes {step} back; the daemon runs it, unless somebody has changed its target since",
        harmless(&args.run)
    ))?;
    Ok(Exit::Fine)
}
