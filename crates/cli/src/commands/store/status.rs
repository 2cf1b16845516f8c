//! `store status`: where it is, what it holds, and who shares it.

use std::path::Path;

use serde::Serialize;
use watchkeeper_store::{Replica, StoreStatus};

use crate::{
    args::ListingArgs,
    commands::people::opened_to_read,
    exit::Exit,
    failure::Failure,
    render::{
        json,
        table::{Cell, Table, Tone, cell},
        terminal::Terminal,
        text::utc,
    },
};

/// What `store status --json` prints.
#[derive(Debug, Serialize)]
struct Status {
    #[serde(flatten)]
    holds: StoreStatus,
    replicas: Vec<Replica>,
}

pub(super) async fn run(folder: &Path, args: &ListingArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened_to_read(folder, terminal).await?.store;
    let holds = store.status().await.map_err(Failure::unreachable)?;
    let replicas = store.replicas().await.map_err(Failure::unreachable)?;
    let status = Status { holds, replicas };
    if args.json {
        json::print(terminal, &status)?;
        return Ok(Exit::Fine);
    }
    let StoreStatus { kind, place, database, tables, floor, known, bytes, rows } = &status.holds;
    terminal.line(format_args!("{kind} {database} in {place}, {:.1} MB", *bytes as f64 / 1e6))?;
    terminal
        .line(format_args!("tables at {tables} (this version knows {known}; {floor} and newer can work with them)"))?;
    let mut table = Table::new(&["TABLE", "ROWS"]);
    for (name, rows) in rows.iter().filter(|(_, rows)| **rows > 0) {
        table.row([cell(name), cell(rows)]);
    }
    table.print(terminal, "it is empty")?;
    if !status.replicas.is_empty() {
        replicas_table(&status.replicas).print(terminal, "")?;
    }
    Ok(Exit::Fine)
}

/// The replicas that share a store, as `status` shows them too.
pub(crate) fn replicas_table(replicas: &[Replica]) -> Table {
    let mut table = Table::new(&["REPLICA", "", "VERSION", "SINCE", "HEARD OF", "IN HAND", "CLOCK"]);
    for replica in replicas {
        let (word, tone) = if replica.alive { ("at work", Tone::Good) } else { ("gone", Tone::Plain) };
        table.row([
            cell(&replica.name),
            Cell::toned(word, tone),
            cell(&replica.version),
            cell(utc(replica.since)),
            cell(utc(replica.seen_at)),
            cell(replica.in_hand),
            cell(format!("{:+} ms", replica.clock_ahead_ms)),
        ]);
    }
    table
}
