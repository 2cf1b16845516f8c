//! SQL functions that read a value strictly: SQLite itself takes the text `abc` in a column of numbers for 0.

use chrono::{DateTime, Utc};
use datafusion::arrow::compute::kernels::cast_utils::string_to_datetime;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Result};

const SECOND: i64 = 1_000_000;

/// The Julian day of 1970-01-01T00:00:00Z.
const JULIAN_1970: f64 = 2_440_587.5;

/// Adds the functions that statements of ours use.
pub(super) fn add(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("watch_number", 1, flags, |context| number(context.get_raw(0)))?;
    connection.create_scalar_function("watch_integer", 1, flags, |context| integer(context.get_raw(0)))?;
    connection.create_scalar_function("watch_micros", 1, flags, |context| micros(context.get_raw(0)))?;
    connection
        .create_scalar_function("watch_ln", 1, flags, |context| Ok(context.get::<Option<f64>>(0)?.map(f64::ln)))?;
    connection.create_scalar_function("watch_time", 1, flags, |context: &Context<'_>| {
        let time = micros(context.get_raw(0))?.and_then(DateTime::<Utc>::from_timestamp_micros);
        Ok(time.map(|time| time.format("%Y-%m-%d %H:%M:%S%.6f").to_string()))
    })
}

fn number(value: ValueRef<'_>) -> Result<Option<f64>> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => Ok(Some(number as f64)),
        ValueRef::Real(number) => Ok(Some(number)),
        ValueRef::Text(_) | ValueRef::Blob(_) => Err(unfit(value, "a number")),
    }
}

fn integer(value: ValueRef<'_>) -> Result<Option<i64>> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => Ok(Some(number)),
        ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => Err(unfit(value, "an integer")),
    }
}

/// As SQLite's own date functions: texts, seconds since 1970 as integers, Julian days as reals.
fn micros(value: ValueRef<'_>) -> Result<Option<i64>> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(seconds) => Ok(Some(seconds.saturating_mul(SECOND))),
        ValueRef::Real(days) => Ok(Some(((days - JULIAN_1970) * 86_400_000.0).round() as i64 * 1_000)),
        ValueRef::Text(text) => {
            let read = std::str::from_utf8(text).ok().and_then(|text| string_to_datetime(&Utc, text.trim()).ok());
            read.map(|time| Some(time.timestamp_micros())).ok_or_else(|| unfit(value, "a time"))
        }
        ValueRef::Blob(_) => Err(unfit(value, "a time")),
    }
}

fn unfit(value: ValueRef<'_>, wanted: &str) -> Error {
    let shown = match value {
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).chars().take(40).collect(),
        _ => "a blob".to_owned(),
    };
    Error::UserFunctionError(format!("the value `{shown}` stands in its column, which is not {wanted}").into())
}
