//! Values that arrive row by row, gathered to the columns of a chunk.

use watchkeeper_engine::ports::frame::{Column, FieldKind, Values};

/// The most rows in a chunk.
pub(crate) const CHUNK_ROWS_MAX: usize = 65_536;

/// One value of a row.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Number(f64),
    /// An integer, or a time in microseconds since 1970 UTC.
    Integer(i64),
    Flag(bool),
    Text(String),
}

/// A column that grows.
#[derive(Debug)]
pub(crate) struct Growing {
    values: Values,
    rows: usize,
    nulls: bool,
    validity: Vec<u64>,
}

impl Growing {
    /// One empty column a kind.
    pub(crate) fn columns(kinds: &[FieldKind]) -> Vec<Self> {
        kinds.iter().map(|kind| Self::new(*kind)).collect()
    }

    fn new(kind: FieldKind) -> Self {
        let values = match kind {
            FieldKind::Number => Values::Numbers(Vec::new()),
            FieldKind::Integer => Values::Integers(Vec::new()),
            FieldKind::Flag => Values::Booleans(Vec::new()),
            FieldKind::Time => Values::Times(Vec::new()),
            FieldKind::Text | FieldKind::Other => Values::Texts(Vec::new()),
        };
        Self { values, rows: 0, nulls: false, validity: Vec::new() }
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Takes the next row's value; one of another kind is refused.
    pub(crate) fn push(&mut self, value: Value) -> Result<(), &'static str> {
        let valid = !matches!(value, Value::Null);
        match (&mut self.values, value) {
            (Values::Numbers(all), Value::Number(x)) => all.push(x),
            (Values::Numbers(all), Value::Integer(x)) => all.push(x as f64),
            (Values::Integers(all) | Values::Times(all), Value::Integer(x)) => all.push(x),
            (Values::Booleans(all), Value::Flag(x)) => all.push(x),
            (Values::Booleans(all), Value::Integer(x)) => all.push(x != 0),
            (Values::Texts(all), Value::Text(x)) => all.push(x),
            (all, Value::Null) => push_default(all),
            _ => return Err("a value is of another type than its column"),
        }
        if self.rows.is_multiple_of(64) {
            self.validity.push(0);
        }
        self.validity[self.rows / 64] |= u64::from(valid) << (self.rows % 64);
        self.nulls |= !valid;
        self.rows += 1;
        Ok(())
    }

    /// The column as checks see it.
    pub(crate) fn finish(self) -> Column {
        Column { values: self.values, validity: self.nulls.then_some(self.validity) }
    }
}

fn push_default(values: &mut Values) {
    match values {
        Values::Numbers(all) => all.push(0.0),
        Values::Integers(all) | Values::Times(all) => all.push(0),
        Values::Booleans(all) => all.push(false),
        Values::Texts(all) => all.push(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_marks_the_rows_that_have_a_value() {
        let mut column = Growing::new(FieldKind::Integer);
        for row in 0..70 {
            column.push(if row % 3 == 0 { Value::Null } else { Value::Integer(row) }).expect("an integer");
        }
        assert!(column.push(Value::Text("x".into())).is_err());
        let column = column.finish();
        let words = column.validity.expect("nulls");
        for row in 0..70_usize {
            assert_eq!(words[row / 64] >> (row % 64) & 1 == 1, row % 3 != 0, "row {row}");
        }
    }
}
