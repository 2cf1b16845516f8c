//! A baseline for people and for scripts.

mod asked;

use std::io;

use serde::Serialize;
use watchkeeper_engine::{BaselineState, Fingerprint, FrameDigest, KeptBaseline};
use watchkeeper_model::{Labels, Series, Time};

use self::asked::Asked;
use crate::render::{
    table::{Table, cell},
    terminal::Terminal,
    text::{harmless, utc},
};

/// A cell of the table of answers is cut here; JSON has them whole.
const CELL_CHARS_MAX: usize = 72;

/// What `baseline show --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Told<'a> {
    monitor: &'a str,
    state: &'static str,
    /// What became of the data, where it moved.
    moved: Option<&'a str>,
    frozen_at: Option<Time>,
    by: Option<&'a str>,
    fingerprint: Option<&'a Fingerprint>,
    columns: Vec<Column<'a>>,
    answers: Vec<Asked>,
    queries: Vec<&'a str>,
    measured: Vec<Measured<'a>>,
    rows_not_kept: Vec<&'a [String]>,
}

#[derive(Debug, Serialize)]
struct Column<'a> {
    name: &'a str,
    data_type: &'a str,
    nullable: bool,
}

#[derive(Debug, Serialize)]
struct Measured<'a> {
    metric: &'a str,
    labels: &'a Labels,
    value: f64,
}

impl<'a> Told<'a> {
    pub(crate) fn of(monitor: &'a str, state: &'a BaselineState) -> Self {
        let kept = kept(state);
        let frame = kept.map(|kept| &kept.digest.frame);
        let measured = kept.and_then(|kept| kept.digest.measured.as_ref());
        let columns = frame.into_iter().flat_map(|frame| &frame.fields);
        let answers = frame.into_iter().flat_map(|frame| &frame.answers);
        let values = measured.into_iter().flat_map(|measured| &measured.values);
        Self {
            monitor,
            state: word(state),
            moved: how(state),
            frozen_at: kept.map(|kept| kept.frozen_at),
            by: kept.map(|kept| kept.by.as_str()),
            fingerprint: kept.map(|kept| &kept.digest.fingerprint),
            columns: columns.map(|f| Column { name: &f.name, data_type: &f.data_type, nullable: f.nullable }).collect(),
            answers: answers.map(Asked::of).collect(),
            queries: frame.into_iter().flat_map(|frame| &frame.queries).map(|(sql, _)| sql.as_str()).collect(),
            measured: values.map(|(metric, labels, value)| Measured { metric, labels, value: *value }).collect(),
            rows_not_kept: frame.into_iter().flat_map(|frame| &frame.unkept).map(Vec::as_slice).collect(),
        }
    }
}

fn kept(state: &BaselineState) -> Option<&KeptBaseline> {
    match state {
        BaselineState::Frozen(kept) | BaselineState::Moved { kept, .. } => Some(kept),
        BaselineState::None | BaselineState::Moving | BaselineState::NotFrozen => None,
    }
}

fn how(state: &BaselineState) -> Option<&str> {
    if let BaselineState::Moved { how, .. } = state { Some(how) } else { None }
}

fn word(state: &BaselineState) -> &'static str {
    match state {
        BaselineState::None => "none",
        BaselineState::Moving => "moving",
        BaselineState::NotFrozen => "not_frozen",
        BaselineState::Frozen(_) => "frozen",
        BaselineState::Moved { .. } => "moved",
    }
}

/// Writes what is frozen.
pub(crate) fn show(monitor: &str, state: &BaselineState, terminal: &mut Terminal) -> io::Result<()> {
    let Some(kept) = kept(state) else {
        return terminal.line(format_args!("{monitor} {}", without(state)));
    };
    terminal.line(summary(kept))?;
    terminal.line(match how(state) {
        None => "data: as it was when it was frozen".to_owned(),
        Some(how) => format!("data: {}", warning(monitor, how)),
    })?;
    terminal.line(format_args!("content: {}", kept.digest.fingerprint.content))?;
    if let Some(warning) = rows_not_kept(&kept.digest.frame) {
        terminal.line(warning)?;
    }
    for table in [columns(&kept.digest.frame), answers(&kept.digest.frame), measured(kept)].iter().flatten() {
        terminal.line("")?;
        table.print(terminal, "")?;
    }
    Ok(())
}

/// What is told where nothing is frozen.
fn without(state: &BaselineState) -> &'static str {
    match state {
        BaselineState::Moving => "compares with an earlier window, which moves and is read anew every time",
        BaselineState::NotFrozen => {
            "has a baseline that is not frozen yet: its first judged tick does it, or `watchkeeper baseline freeze`"
        }
        _ => "has no baseline",
    }
}

/// That the data of a frozen baseline moved, and what to do.
pub(crate) fn warning(monitor: &str, how: &str) -> String {
    format!(
        "MOVED since it was frozen: {}. Checks go on with what is frozen; `watchkeeper baseline refresh {monitor}` \
         takes the data as it is",
        harmless(how)
    )
}

/// That a check reads rows which are too many to be kept.
pub(crate) fn rows_not_kept(frame: &FrameDigest) -> Option<String> {
    let columns: Vec<String> = frame.unkept.iter().map(|columns| columns.join(", ")).collect();
    (!columns.is_empty()).then(|| {
        format!(
            "rows: the check reads rows of {} that are too many to be kept; they are read from the data while it is \
             what it was, and the check fails when it is not",
            harmless(&columns.join("; "))
        )
    })
}

fn summary(kept: &KeptBaseline) -> String {
    let print = &kept.digest.fingerprint;
    let end = |time: Option<Time>| time.map(utc);
    let span = match (end(print.span.start), end(print.span.end)) {
        (Some(start), Some(end)) => format!("from {start} to {end}"),
        _ => "whole".to_owned(),
    };
    let (by, since) = (harmless(&kept.by), utc(kept.frozen_at));
    format!("{}: frozen at {since} by {by}\nsource: {}, {span}, {} rows", kept.monitor, print.source, print.rows)
}

fn columns(frame: &FrameDigest) -> Option<Table> {
    let mut table = Table::new(&["COLUMN", "TYPE", "NULLS"]);
    for field in &frame.fields {
        table.row([cell(&field.name), cell(&field.data_type), cell(if field.nullable { "allowed" } else { "-" })]);
    }
    (!frame.fields.is_empty()).then_some(table)
}

fn answers(frame: &FrameDigest) -> Option<Table> {
    let mut table = Table::new(&["ASKED", "ANSWER"]);
    for Asked { ask, answer } in frame.answers.iter().map(Asked::of) {
        table.row([cell(cut(&ask)), cell(cut(&answer.to_string()))]);
    }
    (!frame.answers.is_empty()).then_some(table)
}

fn measured(kept: &KeptBaseline) -> Option<Table> {
    let measured = kept.digest.measured.as_ref()?;
    let mut table = Table::new(&["MEASURED ON IT", "VALUE"]);
    for (metric, labels, value) in &measured.values {
        let series = Series { metric: metric.clone(), labels: labels.clone() };
        table.row([cell(series), cell(value)]);
    }
    Some(table)
}

fn cut(text: &str) -> String {
    if text.chars().count() <= CELL_CHARS_MAX {
        return text.to_owned();
    }
    let kept: String = text.chars().take(CELL_CHARS_MAX - 1).collect();
    format!("{kept}…")
}
