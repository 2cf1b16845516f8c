//! `backtest`: evaluates every tick of the past, and says how often it would have fired.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use watchkeeper_engine::{Engine, Evaluation, Rehearsed, Watched, decide, ports::store::Groups};
use watchkeeper_model::{Name, Verdict};

use crate::{
    args::BacktestArgs,
    assembly,
    commands::monitors,
    exit::Exit,
    failure::Failure,
    render::{chart, evaluation, json, terminal::Terminal},
    wiring,
};

/// Evaluates and prints: a JSON object a tick, or the ticks that are not ok and a summary a monitor.
pub(crate) async fn run(folder: &Path, args: &BacktestArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    let chosen = monitors::named(&workspace, &args.monitors)?;
    let ticks = monitors::ticks(&workspace, &chosen, &args.period)?;
    if ticks.is_empty() {
        terminal.note(monitors::no_tick(&workspace, &chosen, &args.period))?;
        return Ok(Exit::Fine);
    }
    let engine = assembly::measuring(folder, workspace).await?;
    let mut tallies: BTreeMap<Name, Tally> = chosen.into_iter().map(|id| (id, Tally::default())).collect();
    let mut drawn: BTreeMap<Name, Vec<Evaluation>> = BTreeMap::new();
    // What a check that adapts knows of earlier ticks is what this backtest found at them.
    let mut earlier: BTreeMap<&Name, Arc<Rehearsed>> = BTreeMap::new();
    for tick in &ticks {
        let earlier = earlier.entry(&tick.monitor).or_default();
        let found = engine.evaluate_after(tick.monitor.as_str(), tick.at, earlier).await?;
        earlier.add(found.clone());
        if let Some(tally) = tallies.get_mut(&tick.monitor) {
            tally.add(&engine, &found);
        }
        if args.chart.is_some() {
            drawn.entry(tick.monitor.clone()).or_default().push(found.clone());
        }
        if args.json {
            json::print(terminal, &found)?;
        } else if found.verdict != Verdict::Ok {
            terminal.line(told(&found))?;
        }
    }
    if !args.json {
        for (monitor, tally) in &tallies {
            terminal.line(tally.summary(monitor))?;
        }
    }
    if let Some(file) = &args.chart {
        draw(file, &engine, drawn, args, terminal)?;
    }
    let fired = tallies.values().any(|tally| tally.found_something());
    Ok(if fired { Exit::Finding } else { Exit::Fine })
}

/// Writes the chart, and says so where results do not go.
fn draw(
    file: &Path,
    engine: &Engine,
    found: BTreeMap<Name, Vec<Evaluation>>,
    args: &BacktestArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let monitors = &engine.workspace().monitors;
    let found: Vec<_> = found.into_iter().filter_map(|(id, ticks)| Some((monitors.get(&id)?, ticks))).collect();
    let panels = chart::panels(&found);
    let [from, to] = [args.period.from, args.period.to].map(|time| time.format("%-d %b %Y"));
    let heading = format!("{}, {from} to {to}", args.monitors.join(", "));
    let svg = watchkeeper_chart::svg(&heading, &panels).map_err(Failure::internal)?;
    let written = std::fs::write(file, svg);
    written.map_err(|error| Failure::usage(format!("cannot write the chart to {}: {error}", file.display())))?;
    let shown = panels.len().min(watchkeeper_chart::PANELS_MAX);
    Ok(terminal.note(format_args!("{}: {shown} of {} series drawn", file.display(), panels.len()))?)
}

/// A tick with the series that are not ok.
fn told(found: &Evaluation) -> String {
    let series = found.series.iter().filter(|series| series.verdict != Verdict::Ok);
    let reports: Vec<_> = series.map(|series| format!("\n  {}", series.report())).collect();
    format!("{}{}", evaluation::summary(found), reports.concat())
}

/// What a period would have been like.
#[derive(Default)]
struct Tally {
    ticks: u32,
    verdicts: BTreeMap<Verdict, u32>,
    groups: Groups,
    opened: u32,
    resolved: u32,
}

impl Tally {
    fn add(&mut self, engine: &Engine, found: &Evaluation) {
        self.ticks += 1;
        *self.verdicts.entry(found.verdict).or_default() += 1;
        if let Some(watched) = Watched::of(engine.workspace(), &found.monitor) {
            self.follow(engine, watched, found);
        }
    }

    /// Remembers what the store would: group states and open incidents.
    fn follow(&mut self, engine: &Engine, watched: Watched<'_>, found: &Evaluation) {
        let record = decide(engine.workspace(), watched, &self.groups, found, found.at);
        self.groups.newest = Some(found.at);
        self.groups.states.extend(record.states);
        for incident in record.incidents {
            let known = self.groups.open.contains_key(&incident.group);
            match (incident.is_open(), known) {
                (true, known) => {
                    self.opened += u32::from(!known);
                    self.groups.open.insert(incident.group.clone(), incident);
                }
                (false, _) => {
                    self.resolved += 1;
                    self.groups.open.remove(&incident.group);
                }
            }
        }
    }

    fn found_something(&self) -> bool {
        self.verdicts.keys().any(|verdict| !matches!(verdict, Verdict::Ok | Verdict::Warn))
    }

    fn summary(&self, monitor: &Name) -> String {
        let verdicts: Vec<_> = self.verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        let (opened, resolved) = (self.opened, self.resolved);
        format!(
            "{monitor}: {} ticks: {}; {opened} incidents (so many first steps), {resolved} resolved by recovery",
            self.ticks,
            verdicts.join(", ")
        )
    }
}
