//! `comment`: says something about an incident, for the record.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;

use crate::{
    args::CommentArgs,
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
};

/// Says it.
pub(crate) async fn run(folder: &Path, args: &CommentArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.text.trim().is_empty() {
        return Err(Failure::usage("there is nothing in the comment"));
    }
    let store = opened(folder, terminal).await?.store;
    let by = person::acting(&args.by);
    let id = store.comment(&args.incident, &by, &args.text, SystemClock.now()).await.map_err(refused)?;
    terminal.line(format_args!("commented on incident {id} as {}", harmless(&by)))?;
    Ok(Exit::Fine)
}
