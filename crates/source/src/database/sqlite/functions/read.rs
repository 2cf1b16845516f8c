//! Values of a column read as what the column is.

use chrono::Utc;
use datafusion::arrow::compute::kernels::cast_utils::string_to_datetime;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use super::{FLAGS, unfit};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The Julian day of 1970-01-01T00:00:00Z.
const JULIAN_1970: f64 = 2_440_587.5;

pub(super) fn add(connection: &Connection) -> Result<()> {
    connection.create_scalar_function("watch_number", 1, FLAGS, |context| number(context.get_raw(0)))?;
    connection.create_scalar_function("watch_integer", 1, FLAGS, |context| integer(context.get_raw(0)))?;
    connection.create_scalar_function("watch_whole", 1, FLAGS, |context| whole(context.get_raw(0)))?;
    connection.create_scalar_function("watch_micros", 1, FLAGS, |context| micros(context.get_raw(0)))?;
    connection.create_scalar_function("watch_float", 1, FLAGS, |context| {
        Ok(f64::from_bits(context.get::<i64>(0)?.cast_unsigned()))
    })?;
    connection.create_scalar_function("watch_day", 1, FLAGS, |context| {
        Ok(context.get::<Option<i64>>(0)?.map(|micros| micros.div_euclid(DAY) * DAY))
    })?;
    connection.create_scalar_function("watch_parsed_number", 1, FLAGS, |context| {
        parsed(context.get_raw(0), "a number", |text| text.parse::<f64>().ok().filter(|number| !number.is_nan()))
    })?;
    connection.create_scalar_function("watch_parsed_integer", 1, FLAGS, |context| {
        parsed(context.get_raw(0), "an integer", |text| text.parse::<i64>().ok())
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

/// An integer that SQLite may hold as a real.
fn whole(value: ValueRef<'_>) -> Result<Option<i64>> {
    match value {
        // The bounds are powers of two, which a real holds exactly.
        ValueRef::Real(number) if number.fract() == 0.0 && (-(2_f64.powi(63))..2_f64.powi(63)).contains(&number) => {
            Ok(Some(number as i64))
        }
        other => integer(other),
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

fn parsed<T>(value: ValueRef<'_>, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Text(text) => {
            let read = std::str::from_utf8(text).ok().and_then(parse);
            read.map(Some).ok_or_else(|| unfit(value, wanted))
        }
        other => Err(unfit(other, wanted)),
    }
}
