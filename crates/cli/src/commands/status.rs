//! `status`: monitors, open incidents, gates and holds at a glance.

mod matter;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use chrono::TimeDelta;
use serde::Serialize;
use watchkeeper_config::Outline;
use watchkeeper_engine::{
    BaselineState, Trouble,
    ports::{
        clock::Clock,
        store::{Store as _, StoreError, Unreadable},
    },
};
use watchkeeper_model::{Layer, Monitor, Name, Silence, Time, Verdict};
use watchkeeper_store::{
    Hold, HoldScope, IncidentFilter, IncidentRecord, LastVerdict, LeftPaused, RemedyRate, Replica, Undelivered,
    UnderWay,
};

use crate::{
    args::ListingArgs,
    assembly,
    clock::SystemClock,
    commands::{
        gates::{self, GateRow},
        incidents,
        people::{Opened, opened_to_read},
        remedies::{self, RATES_DAYS},
        silence,
        store::replicas_table,
    },
    exit::Exit,
    failure::Failure,
    render::{
        baseline, json,
        table::{Cell, Table, Tone, cell, verdict_tone},
        terminal::Terminal,
        text::{utc, utc_or_hyphen},
    },
    wiring,
};

/// Messages that were given up are listed for so long, in days.
const GIVEN_UP_DAYS: i64 = 7;

/// What `status --json` prints.
#[derive(Debug, Serialize)]
struct Status {
    monitors: Vec<MonitorRow>,
    incidents: Vec<IncidentRecord>,
    gates: Vec<GateRow>,
    holds: Vec<HoldRow>,
    /// Silences and maintenance windows in force.
    silences: Vec<Silence>,
    /// Gates that incidents which are over have left paused.
    left_paused: Vec<LeftPaused>,
    undelivered: Vec<Undelivered>,
    /// How often the first steps of each runbook helped, in the last 30 days.
    remedies: Vec<RemedyRate>,
    /// What is the matter with the daemon, as it last wrote it.
    troubles: Vec<Trouble>,
    /// Rows of the store that this version cannot read.
    unreadable: Vec<Unreadable>,
    /// Frozen baselines whose data moved.
    moved_baselines: Vec<MovedBaseline>,
    /// The daemons that share the store; none where it is in a file.
    replicas: Vec<Replica>,
}

/// A frozen baseline whose data is not what it was.
#[derive(Debug, PartialEq, Serialize)]
struct MovedBaseline {
    monitor: Name,
    how: String,
}

/// A monitor at a glance. Layer, owner and next tick are absent where its file has mistakes.
#[derive(Debug, PartialEq, Serialize)]
struct MonitorRow {
    monitor: Name,
    layer: Option<Layer>,
    owner: Option<Name>,
    verdict: Option<Verdict>,
    at: Option<Time>,
    /// Why something could not be measured or judged at that tick.
    reason: Option<String>,
    /// The tick that is under way, since when.
    under_way: Option<UnderWay>,
    next: Option<Time>,
    /// A recorded tick that lies in the future: nothing fires at or before it.
    blind_until: Option<Time>,
    open_incidents: usize,
}

/// A hold in force; of every monitor when `monitor` is absent.
#[derive(Debug, Serialize)]
struct HoldRow {
    monitor: Option<Name>,
    since: Time,
    /// When it ends by itself; absent for one that people release.
    until: Option<Time>,
    by: String,
    reason: String,
}

/// Shows them. An open incident is no finding: it is known.
pub(crate) async fn run(folder: &Path, args: &ListingArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let status = read(folder, &opened_to_read(folder, terminal).await?).await.map_err(Failure::unreachable)?;
    if args.json {
        json::print(terminal, &status)?;
    } else {
        tables(&status, terminal)?;
    }
    Ok(Exit::Fine)
}

async fn read(folder: &Path, opened: &Opened) -> Result<Status, StoreError> {
    let (outline, store) = (&opened.outline, &opened.store);
    let now = SystemClock.now();
    let open = IncidentFilter { unresolved: true, ..IncidentFilter::default() };
    let incidents = store.incidents(&open).await?;
    let verdicts = store.last_verdicts().await?;
    let under_way = store.under_way().await?;
    let mut monitors = Vec::new();
    for (id, monitor) in known(outline, &verdicts) {
        let mark = store.high_water(id).await?;
        let last = verdicts.iter().find(|last| last.monitor == *id);
        let open = incidents.iter().filter(|incident| incident.monitor == *id).count();
        let under_way = under_way.iter().find(|tick| tick.monitor == *id).cloned();
        monitors.push(MonitorRow { under_way, ..row(id, monitor, last, mark, open, now) });
    }
    Ok(Status {
        monitors,
        gates: gates::rows(&outline.gates, &store.gates().await?),
        holds: store.holds(now).await?.into_iter().map(hold).collect(),
        silences: silences(outline, store.silences(now).await?, now),
        left_paused: store.left_paused().await?,
        undelivered: store.undelivered(now - TimeDelta::days(GIVEN_UP_DAYS)).await?,
        remedies: store.remedy_rates(now - TimeDelta::days(RATES_DAYS)).await?,
        incidents,
        troubles: store.troubles().await?,
        unreadable: store.unreadable().await?,
        moved_baselines: moved_baselines(folder, opened).await?,
        replicas: store.replicas().await?,
    })
}

/// Those that people added, and the maintenance windows that are open.
fn silences(outline: &Outline, mut added: Vec<Silence>, now: Time) -> Vec<Silence> {
    added.extend(outline.maintenance.iter().filter_map(|(name, maintenance)| maintenance.silence(name, now)));
    added.sort_by_key(|silence| silence.until);
    added
}

/// The configured monitors; where some may be missing, those that have run as well.
fn known<'a>(outline: &'a Outline, verdicts: &'a [LastVerdict]) -> BTreeMap<&'a Name, Option<&'a Monitor>> {
    let ran = verdicts.iter().filter(|_| !outline.monitors_are_certain).map(|last| (&last.monitor, None));
    ran.chain(outline.monitors.iter().map(|(id, monitor)| (id, monitor.as_ref()))).collect()
}

/// Compares frozen baselines with their data. Of a configuration that does not load nothing is said here: it cannot be
/// known what it means, and the rest of the status must not wait for it.
async fn moved_baselines(folder: &Path, opened: &Opened) -> Result<Vec<MovedBaseline>, StoreError> {
    let frozen = opened.store.baselines().await?;
    let loaded = if frozen.is_empty() { None } else { wiring::load(folder).ok().and_then(Result::ok) };
    let Some(loaded) = loaded else { return Ok(Vec::new()) };
    let frozen = frozen.iter().filter(|kept| loaded.workspace.monitors.contains_key(&kept.monitor));
    let store = Arc::new(opened.store.clone());
    let Ok(engine) = assembly::observer(folder, loaded.workspace.clone(), store) else { return Ok(Vec::new()) };
    let mut moved = Vec::new();
    for kept in frozen {
        if let Ok(BaselineState::Moved { how, .. }) = engine.baseline_glance(kept.monitor.as_str()).await {
            moved.push(MovedBaseline { monitor: kept.monitor.clone(), how });
        }
    }
    Ok(moved)
}

fn row(
    id: &Name,
    monitor: Option<&Monitor>,
    last: Option<&LastVerdict>,
    mark: Option<Time>,
    open_incidents: usize,
    now: Time,
) -> MonitorRow {
    let blind_until = mark.filter(|mark| *mark > now);
    MonitorRow {
        monitor: id.clone(),
        layer: monitor.map(|monitor| monitor.layer),
        owner: monitor.map(|monitor| monitor.owner.clone()),
        verdict: last.map(|last| last.verdict),
        at: last.map(|last| last.scheduled_at),
        reason: last.and_then(|last| last.reason.clone()),
        under_way: None,
        next: monitor.and_then(|monitor| monitor.schedule.next_after(blind_until.unwrap_or(now))),
        blind_until,
        open_incidents,
    }
}

fn hold(hold: Hold) -> HoldRow {
    let monitor = match hold.scope {
        HoldScope::All => None,
        HoldScope::Monitor(monitor) => Some(monitor),
    };
    HoldRow { monitor, since: hold.since, until: hold.until, by: hold.by, reason: hold.reason }
}

fn tables(status: &Status, terminal: &mut Terminal) -> Result<(), Failure> {
    monitors(&status.monitors).print(terminal, "no monitors: add one to config/monitors/")?;
    for line in status.monitors.iter().filter_map(blind) {
        terminal.line(line)?;
    }
    terminal.line("")?;
    incidents::table(&status.incidents).print(terminal, "no open incidents")?;
    terminal.line("")?;
    gates::table(&status.gates).print(terminal, "no gates")?;
    for LeftPaused { gate, incident, monitor, resolved_at } in &status.left_paused {
        let over = utc(*resolved_at);
        terminal.line(format_args!(
            "gate {gate} is still paused by incident {incident} of {monitor}, which is over since {over}: \
             watchkeeper open {gate}"
        ))?;
    }
    terminal.line("")?;
    holds(&status.holds).print(terminal, "no holds: automatic steps run")?;
    terminal.line("")?;
    silence::table(&status.silences).print(terminal, "no silences")?;
    terminal.line("")?;
    undelivered(&status.undelivered).print(terminal, "no message is undelivered")?;
    remedies::table(&status.remedies).print_after(terminal)?;
    for line in matter::lines(status) {
        terminal.line(line)?;
    }
    if !status.replicas.is_empty() {
        terminal.line("")?;
        replicas_table(&status.replicas).print(terminal, "")?;
    }
    for MovedBaseline { monitor, how } in &status.moved_baselines {
        terminal.line(format_args!("\nbaseline of {monitor}: {}", baseline::warning(monitor.as_str(), how)))?;
    }
    Ok(())
}

/// What keeps a monitor from firing although it is due.
fn blind(row: &MonitorRow) -> Option<String> {
    let until = utc(row.blind_until?);
    Some(format!(
        "{} runs nothing until after {until}: a tick of then is recorded already, by a clock that was ahead; once it is \
         right: watchkeeper reset-clock",
        row.monitor
    ))
}

fn monitors(rows: &[MonitorRow]) -> Table {
    let mut table = Table::new(&["MONITOR", "LAYER", "OWNER", "VERDICT", "AT", "NEXT TICK", "OPEN INCIDENTS"]);
    for row in rows {
        let verdict = row.verdict.map_or_else(|| cell("-"), |verdict| Cell::toned(verdict, verdict_tone(verdict)));
        table.row([
            cell(&row.monitor),
            row.layer.map_or_else(|| cell("-"), cell),
            row.owner.as_ref().map_or_else(|| cell("-"), cell),
            verdict,
            cell(utc_or_hyphen(row.at)),
            cell(utc_or_hyphen(row.next)),
            cell(row.open_incidents),
        ]);
    }
    table
}

fn holds(holds: &[HoldRow]) -> Table {
    let mut table = Table::new(&["ON HOLD", "SINCE", "UNTIL", "BY", "REASON"]);
    for hold in holds {
        let scope = hold.monitor.as_ref().map_or_else(|| "every monitor".to_owned(), Name::to_string);
        let until = hold.until.map_or_else(|| "released".to_owned(), utc);
        table.row([cell(scope), cell(utc(hold.since)), cell(until), cell(&hold.by), cell(&hold.reason)]);
    }
    table
}

fn undelivered(rows: &[Undelivered]) -> Table {
    let mut table = Table::new(&["UNDELIVERED", "CHANNEL", "ABOUT", "TRIES", "LAST TRY", "NEXT TRY", "OUTCOME"]);
    for row in rows {
        let about = row.incident.as_ref().map_or_else(|| row.monitor.to_string(), |id| format!("{} {id}", row.monitor));
        let next = row.next_at.map_or_else(|| Cell::toned("given up", Tone::Bad), |next| cell(utc(next)));
        table.row([
            cell(row.kind.as_str()),
            cell(row.receiver.as_ref().map_or_else(|| row.channel.to_string(), |to| format!("{} {to}", row.channel))),
            cell(about),
            cell(row.attempts),
            cell(utc_or_hyphen(row.tried_at)),
            next,
            cell(row.outcome.as_deref().unwrap_or("-")),
        ]);
    }
    table
}

#[cfg(test)]
mod tests;
