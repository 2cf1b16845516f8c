//! `plugin record`: a case of a real window, with what its check measures of the rows that were taken.

use std::{fmt::Write, fs, path::Path};

use watchkeeper_author::Case;
use watchkeeper_engine::{
    ports::{
        checker::{CheckOutcome, Checker},
        clock::Clock,
        frame::{Sources, Span},
        memory::Memory,
    },
    spans,
};
use watchkeeper_model::{Measurement, Monitor, Name, Time};
use watchkeeper_source::{DataSources, record};

use super::{case, component, failed};
use crate::{
    args::RecordArgs,
    clock::SystemClock,
    commands::monitors,
    exit::Exit,
    failure::Failure,
    render::manual::{self, quoted},
    render::terminal::Terminal,
    render::text::utc,
    wiring,
};

/// Writes the rows, measures them, and writes the case.
pub(crate) async fn run(folder: &Path, args: &RecordArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    monitors::named(&workspace, std::slice::from_ref(&args.monitor))?;
    let Some(monitor) = workspace.monitors.get(args.monitor.as_str()) else {
        return Err(Failure::internal("the monitor was there a moment ago"));
    };
    let at = args.at.unwrap_or_else(|| SystemClock.now());
    let name = format!("{}-{}", monitor.id, at.format("%Y%m%d-%H%M%S"));
    let (span, baseline) = spans(monitor, at);
    let sources = DataSources::new(folder, workspace.sources.clone());
    fs::create_dir_all(&args.to)?;
    let taking = Taking { sources: &sources, args };
    let current = taking.rows(&monitor.input.source, span, &format!("{name}.parquet")).await?;
    let compared = match baseline {
        Some((source, span)) => Some(taking.rows(source, span, &format!("{name}-baseline.parquet")).await?),
        None => None,
    };
    let time_column = workspace.sources.get(&monitor.input.source).and_then(|source| source.time_column.clone());
    let when = when(monitor, at, span);
    let what = what(monitor, &current, compared.as_ref(), time_column.as_deref());
    let path = args.to.join(format!("{name}.toml"));
    let Ended { key, tables } = ended(folder, monitor, &path, &when, &what).await?;
    fs::write(&path, format!("{when}{key}{what}{tables}"))?;
    terminal.line(format_args!("wrote {}: {} rows of {}", path.display(), current.rows, monitor.input.source))?;
    Ok(Exit::Fine)
}

/// Rows that were written.
struct Taken {
    file: String,
    rows: u64,
}

/// What rows are taken from and where they go.
struct Taking<'a> {
    sources: &'a DataSources,
    args: &'a RecordArgs,
}

impl Taking<'_> {
    async fn rows(&self, source: &Name, span: Span, file: &str) -> Result<Taken, Failure> {
        let RecordArgs { to, mask, rows, .. } = self.args;
        let path = to.join(file);
        if path.exists() {
            return Err(
                Failure::usage(format!("{} is there already", path.display())).hint("name another folder by --to")
            );
        }
        let frame = self.sources.open(source, span).await.map_err(Failure::unreachable)?;
        let rows = record(&*frame, &path, *rows, mask).await.map_err(Failure::usage)?;
        Ok(Taken { file: file.to_owned(), rows })
    }
}

/// The case's time.
fn when(monitor: &Monitor, at: Time, span: Span) -> String {
    let mut text = format!("# The rows of the monitor {} at {}.\nat = \"{}\"\n", monitor.id, utc(at), at.to_rfc3339());
    if let (Some(start), Some(end)) = (span.start, span.end) {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "window = [\"{}\", \"{}\"]", start.to_rfc3339(), end.to_rfc3339());
    }
    text
}

/// The case's parameters and rows.
fn what(monitor: &Monitor, current: &Taken, baseline: Option<&Taken>, time_column: Option<&str>) -> String {
    let mut text = "\n[params]\n".to_owned();
    for (name, value) in &monitor.check.params {
        let _ = writeln!(text, "{name} = {}", manual::toml(value));
    }
    let _ = write!(text, "\n[current]\nfile = {}\n", quoted(&current.file));
    if let Some(column) = time_column {
        let _ = writeln!(text, "time_column = {}", quoted(column));
    }
    if let Some(baseline) = baseline {
        let _ = write!(text, "\n[baseline]\nfile = {}\n", quoted(&baseline.file));
    }
    text
}

/// What came of a case, as a key before its tables or as tables after them.
#[derive(Default)]
struct Ended {
    key: String,
    tables: String,
}

/// What comes of the case now, as it is expected from now on.
async fn ended(folder: &Path, monitor: &Monitor, path: &Path, when: &str, what: &str) -> Result<Ended, Failure> {
    let read = Case::parse(path, &format!("{when}expect_no_data = \"\"\n{what}")).map_err(failed)?;
    let plugin = match folder.join(&monitor.check.plugin) {
        file if file.is_file() => component(&file.to_string_lossy())?,
        _ => monitor.check.plugin.clone(),
    };
    let request = case::request(&plugin, &read, &Memory::new(monitor.check.memory_bytes_max)).await?;
    let key = |key: &str, reason: &str| Ended { key: format!("{key} = {}\n", quoted(reason)), ..Ended::default() };
    Ok(match wiring::host(folder)?.check(request).await {
        CheckOutcome::Measured(measured) => {
            Ended { tables: measured.iter().map(expected).collect(), ..Ended::default() }
        }
        CheckOutcome::NoData(reason) => key("expect_no_data", &reason),
        CheckOutcome::Failed(reason) | CheckOutcome::Unread(reason) => key("expect_error", &reason),
    })
}

fn expected(measured: &Measurement) -> String {
    let Measurement { series, value, .. } = measured;
    let label = |(name, value): (&String, &String)| format!("{} = {}", quoted(name), quoted(value));
    let labels: Vec<String> = series.labels.iter().map(label).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("labels = {{ {} }}\n", labels.join(", ")) };
    format!("\n[[expect]]\nmetric = {}\n{labels}value = {value:?}\n", quoted(&series.metric))
}
