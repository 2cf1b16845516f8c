//! `reset-clock`: the clock was ahead and is right again.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;

use crate::{
    args::ByOnlyArgs,
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::terminal::Terminal,
};

/// Forgets ticks of a time to come, and says whose.
pub(crate) async fn run(folder: &Path, args: &ByOnlyArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened(folder, terminal).await?.store;
    let by = person::acting(&args.by);
    let blind = store.forget_times_to_come(&by, SystemClock.now()).await.map_err(refused)?;
    for monitor in &blind {
        terminal.line(format_args!("{monitor} fires again from its next tick on"))?;
    }
    if blind.is_empty() {
        terminal.line("no tick is recorded with a time to come")?;
    }
    Ok(Exit::Fine)
}
