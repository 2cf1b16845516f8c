//! `store check`: what is wrong with it.

use std::path::Path;

use serde_json::json;

use crate::{
    args::ListingArgs,
    commands::people::opened_to_read,
    exit::Exit,
    failure::Failure,
    render::{json, terminal::Terminal, text::harmless},
};

/// Nothing wrong is fine; anything is a finding.
pub(super) async fn run(folder: &Path, args: &ListingArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened_to_read(folder, terminal).await?.store;
    let wrong = store.check().await.map_err(Failure::unreachable)?;
    if args.json {
        json::print(terminal, &json!({ "ok": wrong.is_empty(), "wrong": wrong }))?;
    } else if wrong.is_empty() {
        terminal.line(format_args!("nothing is wrong with the store {}", harmless(&store.place())))?;
    } else {
        for fault in &wrong {
            terminal.line(harmless(fault))?;
        }
    }
    Ok(if wrong.is_empty() { Exit::Fine } else { Exit::Finding })
}
