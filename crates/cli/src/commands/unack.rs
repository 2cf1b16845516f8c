//! `unack`: gives an incident back, so that its reminders and escalations go on.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;

use crate::{
    args::UnackArgs,
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
};

/// Gives it back.
pub(crate) async fn run(folder: &Path, args: &UnackArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened(folder, terminal).await?.store;
    let by = person::acting(&args.by);
    let found = store.give_back(&args.incident, &by, SystemClock.now()).await.map_err(refused)?;
    let (id, monitor, by) = (&found.id, &found.monitor, harmless(&by));
    terminal
        .line(format_args!("incident {id} of {monitor} is given back by {by}: its reminders and escalations go on"))?;
    Ok(Exit::Fine)
}
