//! `plugin doc`: the page of a component's manual.

use std::path::Path;

use watchkeeper_engine::ports::checker::Checker;

use super::component;
use crate::{
    args::ComponentArgs,
    exit::Exit,
    failure::Failure,
    render::{manual, terminal::Terminal},
    wiring,
};

/// Prints it.
pub(crate) async fn run(args: &ComponentArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let plugin = component(&args.component)?;
    let asked = wiring::host(Path::new("."))?.manual(&plugin).await.map_err(Failure::usage)?;
    let name = Path::new(&plugin).file_stem().unwrap_or_default().to_string_lossy();
    terminal.line(manual::page(&name, &asked))?;
    Ok(Exit::Fine)
}
