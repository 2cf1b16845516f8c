//! SQL functions of ours. Some read a value strictly, as SQLite itself takes the text `abc` in a column of numbers for 0;
//! the others give what they give over files, because they are the same functions.

mod numbers;
mod read;
mod texts;

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Result};

const FLAGS: FunctionFlags = FunctionFlags::SQLITE_UTF8.union(FunctionFlags::SQLITE_DETERMINISTIC);

/// Adds the functions that statements of ours use.
pub(crate) fn add(connection: &Connection) -> Result<()> {
    read::add(connection)?;
    numbers::add(connection)?;
    texts::add(connection)
}

fn refused(what: impl Into<String>) -> Error {
    Error::UserFunctionError(what.into().into())
}

fn unfit(value: ValueRef<'_>, wanted: &str) -> Error {
    let shown = match value {
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).chars().take(40).collect(),
        ValueRef::Null | ValueRef::Blob(_) => "a blob".to_owned(),
    };
    refused(format!("the value `{shown}` stands in its column, which is not {wanted}"))
}
