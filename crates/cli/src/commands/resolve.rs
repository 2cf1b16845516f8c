//! `resolve`: closes an incident by hand.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;

use crate::{
    args::ResolveArgs,
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
};

/// Closes it.
pub(crate) async fn run(folder: &Path, args: &ResolveArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened(folder, terminal).await?.store;
    let by = person::acting(&args.by);
    let over = store.resolve(&args.incident, &by, SystemClock.now()).await.map_err(refused)?;
    terminal.line(format_args!("incident {} of {} is resolved by {}", over.id, over.monitor, harmless(&by)))?;
    Ok(Exit::Fine)
}
