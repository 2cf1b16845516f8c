//! Measures how old the newest row is.

use watchkeeper_plugin::{Ask, Check, Declared, Failure, Field, Frame, Kind, Measurement, Metric, Params, Run, sql};

const MICROSECONDS_A_MINUTE: f64 = 60e6;

/// How old the newest row is.
#[derive(Debug, Params)]
pub struct Freshness {
    /// The column with the time of each row, a time or RFC 3339 text; the source's time column when absent.
    column: Option<String>,
}

const AGE_MINUTES: Metric =
    Metric::new("age_minutes", "minutes", "Minutes between the tick and the newest row not in the future.");
const FUTURE_ROWS: Metric =
    Metric::new("future_rows", "rows", "Rows stamped after the tick; they do not make the data fresh.");

impl Check for Freshness {
    const SUMMARY: &'static str = "Minutes between the tick and the newest row that is not in the future.";

    const METRICS: &'static [Declared] = &[AGE_MINUTES.declared(), FUTURE_ROWS.declared()];

    fn check(&self, run: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        let column = self.column.as_ref().or(run.time_column.as_ref());
        let column = column
            .ok_or_else(|| Failure::config("parameter \"column\" is missing, and the source names no time column"))?;
        let field = current.field("column", column, &[Kind::Time, Kind::Text])?;
        let newest = match field.kind {
            Kind::Text => newest(&*read_as_times(current, &field)?, column, run.scheduled_at)?,
            _ => newest(current, column, run.scheduled_at)?,
        };
        let Some(time) = newest.past else {
            return Err(Failure::no_data(format!(
                "column \"{column}\" has no time up to the tick; {} rows are stamped after it",
                newest.future
            )));
        };
        let age = run.scheduled_at.saturating_sub(time) as f64 / MICROSECONDS_A_MINUTE;
        Ok(vec![AGE_MINUTES.of([], age), FUTURE_ROWS.of([], newest.future as f64)])
    }
}

/// The newest time up to the tick, and how many rows come after it.
#[derive(Debug, Default, PartialEq)]
struct Newest {
    past: Option<i64>,
    future: u64,
}

/// Times are often written as text, as in JSON lines.
fn read_as_times(frame: &dyn Frame, field: &Field) -> Result<Box<dyn Frame>, Failure> {
    frame.query(&format!("SELECT {} AS {} FROM input", sql::time(field), sql::name(&field.name)))
}

/// One answer suffices, which an index on the column gives at once; only where there are rows in the future they are
/// counted.
fn newest(frame: &dyn Frame, column: &str, tick: i64) -> Result<Newest, Failure> {
    match latest(frame, column)? {
        Some(time) if time > tick => {
            let (column_name, tick) = (sql::name(column), sql::moment(tick));
            let rows =
                |side: &str| frame.query(&format!("SELECT {column_name} FROM input WHERE {column_name} {side} {tick}"));
            Ok(Newest { past: latest(&*rows("<=")?, column)?, future: rows(">")?.rows()? })
        }
        past => Ok(Newest { past, future: 0 }),
    }
}

/// The last time there is.
fn latest(frame: &dyn Frame, column: &str) -> Result<Option<i64>, Failure> {
    let mut ask = Ask::new();
    let maximum = ask.maximum(column);
    Ok(frame.answer(ask)?.get(maximum)?.map(|time| time as i64))
}

watchkeeper_plugin::export!(Freshness);

#[cfg(test)]
mod tests;
