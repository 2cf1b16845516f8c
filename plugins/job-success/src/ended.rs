//! Counts runs by how they ended.

use watchkeeper_plugin::{Ask, Failure, Frame, Kind, Run, sql};

/// How the runs of a window ended.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ended {
    pub(crate) rows: u64,
    /// Rows with a status.
    pub(crate) finished: u64,
    /// Rows with a status of success.
    pub(crate) succeeded: u64,
    /// The newest success up to the tick, in microseconds since 1970 UTC; none without a time column.
    pub(crate) last_success: Option<i64>,
}

impl Ended {
    /// Counts all rows, then looks at the successes alone.
    pub(crate) fn count(frame: &dyn Frame, status: &str, success: &[String], run: &Run) -> Result<Self, Failure> {
        let mut ask = Ask::new();
        let (rows, nulls) = (ask.rows(), ask.nulls(status));
        let answers = frame.answer(ask)?;
        let rows = answers.get(rows)?;
        let finished = rows - answers.get(nulls)?;
        let time = run.time_column.as_ref().map(|column| frame.field("time_column", column, &[Kind::Time, Kind::Text]));
        let at = time.transpose()?.map_or_else(|| sql::name(status), |time| sql::time(&time));
        let successes = frame.query(&successes(&at, status, success))?;
        let last_success = match &run.time_column {
            Some(_) => newest(&*successes, run.scheduled_at)?,
            None => None,
        };
        Ok(Self { rows, finished, succeeded: successes.rows()?, last_success })
    }
}

/// The rows of success.
fn successes(at: &str, status: &str, success: &[String]) -> String {
    let success: Vec<String> = success.iter().map(|status| sql::text(status)).collect();
    let (status, success) = (sql::name(status), success.join(", "));
    format!("SELECT {at} AS at FROM input WHERE CAST({status} AS VARCHAR) IN ({success})")
}

/// A success stamped after the tick is none of the past; only then all of them are read.
fn newest(successes: &dyn Frame, tick: i64) -> Result<Option<i64>, Failure> {
    let mut ask = Ask::new();
    let maximum = ask.maximum("at");
    match successes.answer(ask)?.get(maximum)? {
        Some(time) if time > tick as f64 => scan(successes, tick),
        newest => Ok(newest.map(|time| time as i64)),
    }
}

fn scan(successes: &dyn Frame, tick: i64) -> Result<Option<i64>, Failure> {
    let mut newest = None;
    for chunk in successes.scan(&["at"])? {
        for column in &chunk? {
            newest = newest.max(column.times()?.flatten().filter(|time| *time <= tick).max());
        }
    }
    Ok(newest)
}
