//! `status`: monitors, open incidents, gates and holds at a glance.

use std::{path::Path, sync::Arc};

use serde::Serialize;
use watchkeeper_engine::{BaselineState, ports::clock::Clock};
use watchkeeper_model::{Incident, Layer, Monitor, Name, Time, Verdict};
use watchkeeper_store::{Hold, HoldScope, IncidentFilter, LastVerdict};

use crate::{
    args::ListingArgs,
    assembly,
    clock::SystemClock,
    commands::{
        gates::{self, GateRow},
        incidents,
        people::{Opened, opened},
    },
    exit::Exit,
    failure::Failure,
    render::{
        baseline, json,
        table::{Cell, Table, cell, verdict_tone},
        terminal::Terminal,
        text::{utc, utc_or_hyphen},
    },
};

/// What `status --json` prints.
#[derive(Debug, Serialize)]
struct Status {
    monitors: Vec<MonitorRow>,
    incidents: Vec<Incident>,
    gates: Vec<GateRow>,
    holds: Vec<Hold>,
    /// Frozen baselines whose data moved.
    moved_baselines: Vec<MovedBaseline>,
}

/// A frozen baseline whose data is not what it was.
#[derive(Debug, PartialEq, Serialize)]
struct MovedBaseline {
    monitor: Name,
    how: String,
}

/// A monitor at a glance.
#[derive(Debug, PartialEq, Serialize)]
struct MonitorRow {
    monitor: Name,
    layer: Layer,
    owner: Name,
    verdict: Option<Verdict>,
    at: Option<Time>,
    next: Option<Time>,
    open_incidents: usize,
}

/// Shows them. An open incident is no finding: it is known.
pub(crate) async fn run(folder: &Path, args: &ListingArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let status = read(folder, &opened(folder, terminal).await?).await?;
    if args.json {
        json::print(terminal, &status)?;
    } else {
        tables(&status, terminal)?;
    }
    Ok(Exit::Fine)
}

async fn read(folder: &Path, opened: &Opened) -> Result<Status, Failure> {
    let (workspace, store) = (&opened.workspace, &opened.store);
    let open = IncidentFilter { unresolved: true, ..IncidentFilter::default() };
    let incidents = store.incidents(&open).await.map_err(Failure::unreachable)?;
    let verdicts = store.last_verdicts().await.map_err(Failure::unreachable)?;
    let set = store.gates().await.map_err(Failure::unreachable)?;
    let now = SystemClock.now();
    Ok(Status {
        monitors: workspace.monitors.values().map(|monitor| row(monitor, &verdicts, &incidents, now)).collect(),
        gates: gates::rows(&workspace.gates, &set),
        holds: store.holds().await.map_err(Failure::unreachable)?,
        incidents,
        moved_baselines: moved_baselines(folder, opened).await?,
    })
}

async fn moved_baselines(folder: &Path, opened: &Opened) -> Result<Vec<MovedBaseline>, Failure> {
    let frozen = opened.store.baselines().await.map_err(Failure::unreachable)?;
    let mut moved = Vec::new();
    if frozen.is_empty() {
        return Ok(moved);
    }
    let engine = assembly::observer(folder, opened.workspace.clone(), Arc::new(opened.store.clone()))?;
    for kept in frozen.iter().filter(|kept| opened.workspace.monitors.contains_key(&kept.monitor)) {
        let state = engine.baseline_state(kept.monitor.as_str()).await.map_err(Failure::unreachable)?;
        if let BaselineState::Moved { how, .. } = state {
            moved.push(MovedBaseline { monitor: kept.monitor.clone(), how });
        }
    }
    Ok(moved)
}

fn row(monitor: &Monitor, verdicts: &[LastVerdict], incidents: &[Incident], now: Time) -> MonitorRow {
    let last = verdicts.iter().find(|last| last.monitor == monitor.id);
    MonitorRow {
        monitor: monitor.id.clone(),
        layer: monitor.layer,
        owner: monitor.owner.clone(),
        verdict: last.map(|last| last.verdict),
        at: last.map(|last| last.scheduled_at),
        next: monitor.schedule.next_after(now),
        open_incidents: incidents.iter().filter(|incident| incident.monitor == monitor.id).count(),
    }
}

fn tables(status: &Status, terminal: &mut Terminal) -> Result<(), Failure> {
    monitors(&status.monitors).print(terminal, "no monitors: add one to config/monitors/")?;
    terminal.line("")?;
    incidents::table(&status.incidents).print(terminal, "no open incidents")?;
    terminal.line("")?;
    gates::table(&status.gates).print(terminal, "no gates")?;
    terminal.line("")?;
    holds(&status.holds).print(terminal, "no holds: automatic steps run")?;
    for MovedBaseline { monitor, how } in &status.moved_baselines {
        terminal.line(format_args!("\nbaseline of {monitor}: {}", baseline::warning(monitor.as_str(), how)))?;
    }
    Ok(())
}

fn monitors(rows: &[MonitorRow]) -> Table {
    let mut table = Table::new(&["MONITOR", "LAYER", "OWNER", "VERDICT", "AT", "NEXT TICK", "OPEN INCIDENTS"]);
    for row in rows {
        let verdict = row.verdict.map_or_else(|| cell("-"), |verdict| Cell::toned(verdict, verdict_tone(verdict)));
        table.row([
            cell(&row.monitor),
            cell(row.layer),
            cell(&row.owner),
            verdict,
            cell(utc_or_hyphen(row.at)),
            cell(utc_or_hyphen(row.next)),
            cell(row.open_incidents),
        ]);
    }
    table
}

fn holds(holds: &[Hold]) -> Table {
    let mut table = Table::new(&["ON HOLD", "SINCE", "BY", "REASON"]);
    for hold in holds {
        let scope = match &hold.scope {
            HoldScope::All => "every monitor".to_owned(),
            HoldScope::Monitor(monitor) => monitor.to_string(),
        };
        table.row([cell(scope), cell(utc(hold.since)), cell(&hold.by), cell(&hold.reason)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::terminal::tests::on_paper;

    #[test]
    fn a_monitor_that_never_ran_has_no_verdict_but_a_next_tick() {
        let row = MonitorRow {
            monitor: Name::parse("loan-auc").unwrap(),
            layer: Layer::Model,
            owner: Name::parse("ml-team").unwrap(),
            verdict: None,
            at: None,
            next: Time::from_timestamp(1_767_225_600, 0),
            open_incidents: 0,
        };
        let (mut terminal, out, _) = on_paper();
        monitors(&[row]).print(&mut terminal, "").unwrap();
        let expected = "\
MONITOR   LAYER  OWNER    VERDICT  AT  NEXT TICK             OPEN INCIDENTS
loan-auc  model  ml-team  -        -   2026-01-01T00:00:00Z  0
";
        assert_eq!(out.text(), expected);
    }

    #[tokio::test]
    async fn holds_are_listed_with_their_reason() {
        let store = watchkeeper_store::SqliteStore::in_memory().await.unwrap();
        let at = Time::from_timestamp(1_767_225_600, 0).unwrap();
        store.hold(&HoldScope::All, "on-call", "maintenance", at).await.unwrap();
        let (mut terminal, out, _) = on_paper();
        holds(&store.holds().await.unwrap()).print(&mut terminal, "").unwrap();
        let expected = "\
ON HOLD        SINCE                 BY       REASON
every monitor  2026-01-01T00:00:00Z  on-call  maintenance
";
        assert_eq!(out.text(), expected);
    }
}
