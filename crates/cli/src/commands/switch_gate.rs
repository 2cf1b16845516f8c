//! `pause` and `open`: set a gate by hand.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::GateState;

use crate::{
    args::GateArgs,
    clock::SystemClock,
    commands::people::opened,
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
};

/// Pauses it.
pub(crate) async fn pause(folder: &Path, args: &GateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    set(folder, args, GateState::Paused, terminal).await
}

/// Opens it.
pub(crate) async fn open(folder: &Path, args: &GateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    set(folder, args, GateState::Open, terminal).await
}

async fn set(folder: &Path, args: &GateArgs, state: GateState, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let opened = opened(folder, terminal).await?;
    let gate = opened.gate(&args.gate, terminal).await?;
    let by = person::acting(&args.by);
    let reason = args.reason.as_deref().unwrap_or("by hand");
    let set = opened.store.set_gate(&gate, state, &by, reason, SystemClock.now()).await;
    set.map_err(Failure::unreachable)?;
    terminal.line(format_args!("gate {gate} is {state}, set by {}", harmless(&by)))?;
    Ok(Exit::Fine)
}
