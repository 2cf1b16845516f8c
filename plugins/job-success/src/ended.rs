//! How runs ended, counted where the data lives.

use watchkeeper_plugin::{Ask, Failure, Field, Frame, Gaps, Kind, Run, sql};

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
    pub(crate) fn count(frame: &dyn Frame, status: &Field, success: &[String], run: &Run) -> Result<Self, Failure> {
        let gaps = Gaps::find(frame, std::slice::from_ref(status))?;
        let time = run.time_column.as_ref().map(|column| frame.field("time_column", column, &[Kind::Time, Kind::Text]));
        let time = time.transpose()?.map(|time| sql::time(&time));
        let successes = frame.query(&successes(time.as_deref(), status, success))?;
        let last_success = match time {
            Some(_) => newest(&*successes, run.scheduled_at)?,
            None => None,
        };
        Ok(Self { rows: gaps.rows(), finished: gaps.present(0), succeeded: successes.rows()?, last_success })
    }
}

/// The rows of success.
fn successes(at: Option<&str>, status: &Field, success: &[String]) -> String {
    let at = at.map_or_else(|| sql::name(&status.name), str::to_owned);
    format!("SELECT {at} AS at FROM input WHERE {}", is_success(status, success))
}

/// The condition of success. Numbers are compared as numbers: the code `1` is `1.0` where some runs have none yet.
fn is_success(status: &Field, success: &[String]) -> String {
    let column = sql::name(&status.name);
    match status.kind {
        Kind::Flag => {
            let either = |word: &str| success.iter().any(|success| success == word);
            match (either("true"), either("false")) {
                (true, true) => format!("{column} IS NOT NULL"),
                (true, false) => column,
                (false, true) => format!("NOT {column}"),
                (false, false) => "1 = 0".to_owned(),
            }
        }
        Kind::Integer | Kind::Number => {
            let codes = success.iter().filter_map(|code| code.parse::<f64>().ok()).filter(|code| code.is_finite());
            let codes: Vec<String> = codes.map(|code| format!("{code:?}")).collect();
            match codes.is_empty() {
                true => "1 = 0".to_owned(),
                false => format!("{} IN ({})", sql::number(status), codes.join(", ")),
            }
        }
        _ => {
            let words: Vec<String> = success.iter().map(|word| sql::text(word)).collect();
            format!("{column} IN ({})", words.join(", "))
        }
    }
}

/// A success stamped after the tick is none of the past.
fn newest(successes: &dyn Frame, tick: i64) -> Result<Option<i64>, Failure> {
    match latest(successes)? {
        Some(time) if time > tick => {
            let past = successes.query(&format!("SELECT at FROM input WHERE at <= {}", sql::moment(tick)))?;
            latest(&*past)
        }
        newest => Ok(newest),
    }
}

fn latest(frame: &dyn Frame) -> Result<Option<i64>, Failure> {
    let mut ask = Ask::new();
    let maximum = ask.maximum("at");
    Ok(frame.answer(ask)?.get(maximum)?.map(|time| time as i64))
}
