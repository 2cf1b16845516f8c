//! Names and texts as SQL writes them, for the queries that a check puts to a frame.

use crate::{Field, Kind};

/// A column's name, quoted so that every name is allowed: `"net income"`.
pub fn name(column: &str) -> String {
    format!("\"{}\"", column.replace('"', "\"\""))
}

/// A text, quoted so that nothing in it is SQL: `'it''s'`.
pub fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A column of numbers, integers or flags (as 1 and 0), read as a double.
pub fn number(field: &Field) -> String {
    let column = name(&field.name);
    match field.kind {
        Kind::Flag => format!("CASE WHEN {column} THEN 1.0 WHEN NOT {column} THEN 0.0 END"),
        _ => format!("CAST({column} AS DOUBLE)"),
    }
}

/// A column of times; times written as text (RFC 3339) are read as such, UTC where they name no zone.
pub fn time(field: &Field) -> String {
    let column = name(&field.name);
    match field.kind {
        Kind::Text => format!("CAST({column} AS TIMESTAMP)"),
        _ => column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(name("a\"b"), "\"a\"\"b\"");
        assert_eq!(text("it's'; --"), "'it''s''; --'");
    }

    #[test]
    fn flags_are_numbers_too() {
        let field = Field { name: "ok".to_owned(), kind: Kind::Flag, data_type: "Boolean".to_owned(), nullable: true };
        assert_eq!(number(&field), "CASE WHEN \"ok\" THEN 1.0 WHEN NOT \"ok\" THEN 0.0 END");
    }
}
