//! `resolve`: closes an incident by hand.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_store::Closed;

use crate::{
    args::ResolveArgs,
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
};

/// Closes it, and says what it has left behind.
pub(crate) async fn run(folder: &Path, args: &ResolveArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened(folder, terminal).await?.store;
    let by = person::acting(&args.by);
    let Closed { incident, left_paused } =
        store.resolve(&args.incident, &by, SystemClock.now()).await.map_err(refused)?;
    let (id, monitor) = (&incident.id, &incident.monitor);
    terminal.line(format_args!("incident {id} of {monitor} is resolved by {}", harmless(&by)))?;
    for gate in left_paused {
        terminal.line(format_args!("gate {gate} is still paused: watchkeeper open {gate}"))?;
    }
    Ok(Exit::Fine)
}
