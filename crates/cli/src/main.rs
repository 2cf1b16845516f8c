//! The watchkeeper binary.

mod args;
mod assembly;
mod clock;
mod commands;
mod dispatch;
mod exit;
mod failure;
mod person;
mod place;
mod rehearsal;
mod render;
mod stored;
#[cfg(debug_assertions)]
mod test_hooks;
mod turn;
mod wiring;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

use crate::{args::Cli, render::terminal::Terminal};

/// Batches of rows come and go by the thousand: the system's allocator maps and unmaps each.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let mut terminal = Terminal::of_process();
    let ended = dispatch::run(Cli::parse(), &mut terminal);
    render::error::exit_of(ended, &mut terminal).into()
}
