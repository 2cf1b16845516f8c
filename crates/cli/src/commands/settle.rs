//! `settle`: people say how a step ended whose outcome is unknown.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::{Name, Outcome};

use crate::{
    args::{SettleArgs, SettledAs},
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
};

/// Settles it.
pub(crate) async fn run(folder: &Path, args: &SettleArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let step = Name::parse(&args.step).map_err(Failure::usage)?;
    let store = opened(folder, terminal).await?.store;
    let by = person::person(&args.by);
    let outcome = match args.outcome {
        SettledAs::Done => Outcome::Done,
        SettledAs::Failed => Outcome::Failed,
    };
    store.settle(&args.run, &step, outcome, &by, SystemClock.now()).await.map_err(refused)?;
    terminal.line(format_args!(
        "step {step} of run {} is {outcome}, settled by {}",
        harmless(&args.run),
        harmless(&by.name)
    ))?;
    Ok(Exit::Fine)
}
