//! SQLite's values and the types that its columns declare.

use rusqlite::types::ValueRef;
use watchkeeper_engine::ports::frame::FieldKind;

use crate::database::chunk::Value;
use crate::database::column::{Cell, Form};

/// What a declared type means: SQLite's own rules of affinity, with its customs for times and flags before them.
pub(super) fn form(declared: &str) -> Form {
    let declared = declared.to_ascii_uppercase();
    let names = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
    match () {
        () if names(&["BOOL"]) => Form::Flag,
        () if names(&["DATE", "TIME"]) => Form::Naive,
        () if names(&["INT"]) => Form::Integer,
        () if names(&["CHAR", "CLOB", "TEXT", "UUID"]) => Form::Text,
        () if names(&["REAL", "FLOA", "DOUB", "DEC", "NUM"]) => Form::Number,
        () => Form::Other,
    }
}

/// The declared type that fits a value.
pub(super) fn type_of(value: ValueRef<'_>) -> &'static str {
    match value {
        ValueRef::Integer(_) => "INTEGER",
        ValueRef::Real(_) => "REAL",
        ValueRef::Null | ValueRef::Text(_) => "TEXT",
        ValueRef::Blob(_) => "BLOB",
    }
}

pub(super) fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Number(number),
        ValueRef::Text(text) | ValueRef::Blob(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
    }
}

pub(super) fn value(value: ValueRef<'_>, kind: FieldKind) -> Value {
    match (value, kind) {
        (ValueRef::Null, _) => Value::Null,
        (ValueRef::Integer(number), FieldKind::Flag) => Value::Flag(number != 0),
        (ValueRef::Integer(number), _) => Value::Integer(number),
        (ValueRef::Real(number), _) => Value::Number(number),
        (ValueRef::Text(text) | ValueRef::Blob(text), _) => Value::Text(String::from_utf8_lossy(text).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_are_told_as_sqlite_tells_them() {
        for (declared, wanted) in [
            ("BIGINT UNSIGNED", Form::Integer),
            ("varchar(20)", Form::Text),
            ("double precision", Form::Number),
            ("NUMERIC(10,2)", Form::Number),
            ("TIMESTAMP WITH TIME ZONE", Form::Naive),
            ("date", Form::Naive),
            ("boolean", Form::Flag),
            ("blob", Form::Other),
        ] {
            assert_eq!(form(declared), wanted, "{declared}");
        }
    }
}
