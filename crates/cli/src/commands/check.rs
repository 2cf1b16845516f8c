//! `check`: evaluates one monitor at one tick and acts on nothing.

use std::{collections::BTreeSet, path::Path};

use watchkeeper_engine::{Evaluation, ports::clock::Clock};
use watchkeeper_model::{Baseline, Name, SourceKind, Verdict, Workspace};

use crate::{
    args::CheckArgs,
    assembly,
    clock::SystemClock,
    commands::{monitors, understood},
    exit::Exit,
    failure::Failure,
    render::{
        evaluation, json,
        table::{Cell, Table, cell, verdict_tone},
        terminal::Terminal,
        text::harmless,
    },
    wiring,
};

/// Evaluates and prints.
pub(crate) async fn run(folder: &Path, args: &CheckArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    monitors::named(&workspace, std::slice::from_ref(&args.monitor))?;
    if args.verbose {
        let read = read_by(&workspace, &args.monitor);
        let files = understood::files(folder, &workspace, read.iter()).await;
        understood::table(&files).print(terminal, "no text files")?;
        terminal.line("")?;
    }
    let engine = assembly::measuring(folder, workspace).await?;
    let at = args.at.unwrap_or_else(|| SystemClock.now());
    let found = engine.evaluate(&args.monitor, at).await?;
    if args.json {
        json::print(terminal, &found)?;
    } else {
        print(&found, terminal)?;
    }
    Ok(exit_of(found.verdict))
}

/// The sources that a monitor reads, and those that its views read.
fn read_by(workspace: &Workspace, monitor: &str) -> BTreeSet<Name> {
    let monitor = workspace.monitors.values().find(|known| known.id.as_str() == monitor);
    let baseline = monitor.and_then(|monitor| match &monitor.baseline {
        Some(Baseline::Whole { source } | Baseline::Range { source, .. }) => Some(source),
        _ => None,
    });
    let mut next: Vec<&Name> = monitor.map(|monitor| &monitor.input.source).into_iter().chain(baseline).collect();
    let mut read = BTreeSet::new();
    while let Some(source) = next.pop() {
        if let (true, Some(SourceKind::View(view))) =
            (read.insert(source.clone()), workspace.sources.get(source).map(|source| &source.kind))
        {
            next.extend(&view.inputs);
        }
    }
    read
}

/// A breach, an error and missing data are findings.
pub(crate) fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Ok | Verdict::Warn => Exit::Fine,
        Verdict::NoData | Verdict::Breach | Verdict::Error => Exit::Finding,
    }
}

fn print(found: &Evaluation, terminal: &mut Terminal) -> Result<(), Failure> {
    let mut table = Table::new(&["SERIES", "VALUE", "BASELINE", "VERDICT", "LIMIT", "DETAIL"]);
    for series in &found.series {
        table.row([
            cell(&series.subject),
            cell(series.value.map(|value| value.to_string()).unwrap_or_default()),
            cell(series.baseline.map(|value| value.to_string()).unwrap_or_default()),
            Cell::toned(series.verdict, verdict_tone(series.verdict)),
            cell(series.limit.as_ref().map(ToString::to_string).unwrap_or_default()),
            cell(series.detail.as_deref().unwrap_or_default()),
        ]);
    }
    if !found.series.is_empty() {
        table.print(terminal, "")?;
        terminal.line("")?;
    }
    for line in &found.log {
        terminal.line(format_args!("logged {}", harmless(line)))?;
    }
    terminal.line(evaluation::summary(found))?;
    Ok(())
}
