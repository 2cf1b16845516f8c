//! One column of a chunk, with the rows that have no value.

use std::borrow::Cow;

use crate::Failure;
use crate::bindings::watchkeeper::check::data;

pub use data::Values;

/// Typed values and which of them are there.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The values; rows without one hold a default.
    pub values: Values,
    validity: Option<Vec<u64>>,
}

/// A column read as numbers, one entry a row.
#[derive(Debug)]
pub struct Numbers<'a> {
    values: Cow<'a, [f64]>,
    validity: Option<&'a [u64]>,
}

impl Column {
    /// The number of rows, nulls included.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(values) => values.len(),
            Values::Integers(values) | Values::Times(values) => values.len(),
            Values::Booleans(values) => values.len(),
            Values::Texts(values) => values.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the row has a value.
    pub fn is_valid(&self, row: usize) -> bool {
        has_value(self.validity.as_deref(), row)
    }

    /// Reads numbers, integers and flags (as 1 and 0).
    pub fn numbers(&self) -> Result<Numbers<'_>, Failure> {
        let values = match &self.values {
            Values::Numbers(values) => Cow::Borrowed(values.as_slice()),
            Values::Integers(values) => values.iter().map(|value| *value as f64).collect(),
            Values::Booleans(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Values::Texts(_) | Values::Times(_) => {
                return Err(Failure::config("expected a column of numbers"));
            }
        };
        Ok(Numbers { values, validity: self.validity.as_deref() })
    }

    /// Reads texts; nulls are `None`.
    pub fn texts(&self) -> Result<impl Iterator<Item = Option<&str>>, Failure> {
        let Values::Texts(texts) = &self.values else {
            return Err(Failure::config("expected a column of texts"));
        };
        Ok(texts.iter().enumerate().map(|(row, text)| self.is_valid(row).then_some(text.as_str())))
    }

    /// Reads times in microseconds since 1970 UTC; nulls are `None`.
    pub fn times(&self) -> Result<impl Iterator<Item = Option<i64>>, Failure> {
        let Values::Times(times) = &self.values else {
            return Err(Failure::config("expected a column of times"));
        };
        Ok(times.iter().enumerate().map(|(row, time)| self.is_valid(row).then_some(*time)))
    }
}

impl Numbers<'_> {
    /// Every row in order; nulls and NaN are `None`.
    pub fn iter(&self) -> impl Iterator<Item = Option<f64>> {
        let values = self.values.iter().enumerate();
        values.map(|(row, value)| (has_value(self.validity, row) && !value.is_nan()).then_some(*value))
    }
}

impl From<data::Column> for Column {
    fn from(column: data::Column) -> Self {
        Self { values: column.values, validity: column.validity }
    }
}

fn has_value(validity: Option<&[u64]>, row: usize) -> bool {
    validity.is_none_or(|words| words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: Values, validity: Option<Vec<u64>>) -> Column {
        Column { values, validity }
    }

    #[test]
    fn validity_crosses_words() {
        let values = Values::Integers((0..66).collect());
        let column = column(values, Some(vec![1 << 63, 0b10]));
        let valid: Vec<usize> = (0..66).filter(|row| column.is_valid(*row)).collect();
        assert_eq!(valid, [63, 65]);
    }

    #[test]
    fn integers_and_flags_read_as_numbers() -> Result<(), Failure> {
        let integers = column(Values::Integers(vec![3, 0]), Some(vec![0b01]));
        let read: Vec<_> = integers.numbers()?.iter().collect();
        assert_eq!(read, [Some(3.0), None]);
        let flags = column(Values::Booleans(vec![true, false]), None);
        let read: Vec<_> = flags.numbers()?.iter().collect();
        assert_eq!(read, [Some(1.0), Some(0.0)]);
        Ok(())
    }

    #[test]
    fn nan_is_no_number() -> Result<(), Failure> {
        let numbers = column(Values::Numbers(vec![1.0, f64::NAN]), None);
        assert_eq!(numbers.numbers()?.iter().collect::<Vec<_>>(), [Some(1.0), None]);
        Ok(())
    }

    #[test]
    fn texts_are_no_numbers_and_numbers_no_times() {
        let texts = column(Values::Texts(vec!["1".into()]), None);
        assert!(matches!(texts.numbers(), Err(Failure::Config(_))));
        assert!(matches!(texts.times().map(drop), Err(Failure::Config(_))));
        assert_eq!(texts.texts().map(Iterator::collect::<Vec<_>>), Ok(vec![Some("1")]));
    }
}
