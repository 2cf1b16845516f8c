//! `check`: evaluates one monitor at one tick and acts on nothing.

use std::path::Path;

use watchkeeper_engine::{Evaluation, ports::clock::Clock};
use watchkeeper_model::Verdict;

use crate::{
    args::CheckArgs,
    assembly,
    clock::SystemClock,
    commands::monitors,
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
