//! How values of the domain stand in columns: times as microseconds, words as text, the rest as JSON.

use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Row as _, any::AnyRow};
use watchkeeper_model::{Name, Time};

use crate::fault::Fault;

/// A time as it is stored: whole microseconds since 1970, UTC.
pub(crate) fn micros(at: Time) -> i64 {
    at.timestamp_micros()
}

/// A stored time.
pub(crate) fn time(column: &'static str, micros: i64) -> Result<Time, Fault> {
    Time::from_timestamp_micros(micros).ok_or_else(|| Fault::column(column, micros))
}

/// A stored time that may be absent.
pub(crate) fn time_if(column: &'static str, micros: Option<i64>) -> Result<Option<Time>, Fault> {
    micros.map(|micros| time(column, micros)).transpose()
}

/// A value as JSON text.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Fault> {
    Ok(serde_json::to_string(value)?)
}

/// A value from JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    Ok(serde_json::from_str(text)?)
}

/// An enum's word, as its JSON string says it.
pub(crate) fn from_word<T: DeserializeOwned>(column: &'static str, word: &str) -> Result<T, Fault> {
    serde_json::from_value(word.into()).map_err(|_| Fault::column(column, word))
}

/// A stored name.
pub(crate) fn name(column: &'static str, text: &str) -> Result<Name, Fault> {
    Name::parse(text).map_err(|_| Fault::column(column, text))
}

/// A stored count.
pub(crate) fn count(column: &'static str, number: i64) -> Result<u32, Fault> {
    u32::try_from(number).map_err(|_| Fault::column(column, number))
}

/// A stored yes or no: 1 or 0, whatever the database.
pub(crate) fn flag(row: &AnyRow, column: &'static str) -> Result<bool, Fault> {
    Ok(row.try_get::<i64, _>(column)? != 0)
}

/// A fencing epoch or a row's number; they start at 1 and grow by one.
pub(crate) fn ordinal(column: &'static str, number: i64) -> Result<u64, Fault> {
    u64::try_from(number).map_err(|_| Fault::column(column, number))
}
