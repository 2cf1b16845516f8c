//! `gates`: every switch, and who set it last.

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;
use watchkeeper_model::{Gate, GateState, Name, Time};
use watchkeeper_store::GateRecord;

use crate::{
    args::ListingArgs,
    commands::people::opened_to_read,
    exit::Exit,
    failure::Failure,
    render::{
        json,
        table::{Cell, Table, cell, gate_tone},
        terminal::Terminal,
        text::utc_or_hyphen,
    },
};

/// A gate as it is listed.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct GateRow {
    name: Name,
    description: Option<String>,
    state: GateState,
    on_unreachable: Option<GateState>,
    since: Option<Time>,
    by: Option<String>,
    reason: Option<String>,
}

/// Lists them.
pub(crate) async fn run(folder: &Path, args: &ListingArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let opened = opened_to_read(folder, terminal).await?;
    let rows = rows(&opened.outline.gates, &opened.store.gates().await.map_err(Failure::unreachable)?);
    if args.json {
        json::print(terminal, &rows)?;
    } else {
        table(&rows).print(terminal, "no gates: name one in config/watchkeeper.toml")?;
    }
    Ok(Exit::Fine)
}

/// The configured gates, and those that are set although they are configured no more.
pub(crate) fn rows(configured: &BTreeMap<Name, Gate>, set: &[GateRecord]) -> Vec<GateRow> {
    let names = configured.keys().chain(set.iter().map(|record| &record.name));
    let names: std::collections::BTreeSet<&Name> = names.collect();
    names.into_iter().map(|name| row(name, configured.get(name), set.iter().find(|set| set.name == *name))).collect()
}

fn row(name: &Name, gate: Option<&Gate>, set: Option<&GateRecord>) -> GateRow {
    GateRow {
        name: name.clone(),
        description: gate.map(|gate| gate.description.clone()),
        state: set.map_or(GateState::Open, |set| set.state),
        on_unreachable: gate.map(|gate| gate.on_unreachable),
        since: set.and_then(|set| set.since),
        by: set.and_then(|set| set.by.clone()),
        reason: set.and_then(|set| set.reason.clone()),
    }
}

/// The gates as a table.
pub(crate) fn table(rows: &[GateRow]) -> Table {
    let mut table = Table::new(&["GATE", "STATE", "SINCE", "BY", "REASON", "DESCRIPTION"]);
    let text = |text: &Option<String>| cell(text.as_deref().unwrap_or("-"));
    for row in rows {
        let state = Cell::toned(row.state, gate_tone(row.state));
        let since = cell(utc_or_hyphen(row.since));
        table.row([cell(&row.name), state, since, text(&row.by), text(&row.reason), text(&row.description)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_open_until_set_and_listed_even_when_configured_no_more() {
        let name = |text| Name::parse(text).unwrap();
        let gate = Gate { description: "Cards".to_owned(), on_unreachable: GateState::Paused };
        let since = Time::from_timestamp(1_767_225_600, 0);
        let (state, by, reason) = (GateState::Paused, Some("on-call".to_owned()), Some("test".to_owned()));
        let gone = GateRecord { name: name("loans"), state, since, by, reason };
        let rows = rows(&BTreeMap::from([(name("cards"), gate)]), &[gone]);
        let states: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.state, row.since)).collect();
        assert_eq!(states, [("cards", GateState::Open, None), ("loans", GateState::Paused, since)]);
    }
}
