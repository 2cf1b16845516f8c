//! One column of a batch in the few forms that checks know, without copying where arrow already has that form.

use std::cell::OnceCell;
use std::sync::Arc;

use datafusion::arrow::array::types::ArrowPrimitiveType;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, PrimitiveArray, StringArray, UInt64Array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use datafusion::arrow::error::ArrowError;
use watchkeeper_engine::ports::frame::FieldKind;

use crate::shape::kind_of;
use crate::time::micros;

/// The values of one column.
#[derive(Debug, Clone)]
pub(crate) enum Cells {
    /// Floats and decimals.
    Numbers(Float64Array),
    /// Integers of every width, as long as they are not beyond `i64::MAX`.
    Integers(Int64Array),
    /// Unsigned integers, some of them beyond.
    Unsigned(UInt64Array),
    /// Booleans.
    Flags(BooleanArray),
    /// Strings.
    Texts(StringArray),
    /// Microseconds since 1970 UTC.
    Times(Int64Array),
    /// Anything else.
    Other(ArrayRef),
}

impl Cells {
    /// Reads an array.
    pub(crate) fn read(array: &ArrayRef) -> Result<Self, ArrowError> {
        if let DataType::Dictionary(_, values) = array.data_type() {
            return Self::read(&convert(array, values)?);
        }
        Ok(match kind_of(array.data_type()) {
            FieldKind::Number => {
                Self::Numbers(convert(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            FieldKind::Integer if is_beyond(array) => Self::Unsigned(array.as_primitive::<UInt64Type>().clone()),
            FieldKind::Integer => Self::Integers(convert(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone()),
            FieldKind::Flag => Self::Flags(array.as_boolean().clone()),
            FieldKind::Text => Self::Texts(convert(array, &DataType::Utf8)?.as_string::<i32>().clone()),
            FieldKind::Time => Self::Times(micros(array)?),
            FieldKind::Other => Self::Other(Arc::clone(array)),
        })
    }

    /// How many rows have no value.
    pub(crate) fn null_count(&self) -> usize {
        self.array().logical_null_count()
    }

    /// Which rows have a value; `None`: all.
    pub(crate) fn nulls(&self) -> Option<NullBuffer> {
        self.array().logical_nulls().filter(|nulls| nulls.null_count() > 0)
    }

    fn array(&self) -> &dyn Array {
        match self {
            Self::Numbers(array) => array,
            Self::Integers(array) | Self::Times(array) => array,
            Self::Unsigned(array) => array,
            Self::Flags(array) => array,
            Self::Texts(array) => array,
            Self::Other(array) => array,
        }
    }
}

/// A column, and its values as numbers once somebody wants them.
#[derive(Debug)]
pub(crate) struct Column {
    cells: Cells,
    numbers: OnceCell<Vec<f64>>,
}

impl Column {
    /// Reads an array.
    pub(crate) fn read(array: &ArrayRef) -> Result<Self, ArrowError> {
        Ok(Self { cells: Cells::read(array)?, numbers: OnceCell::new() })
    }

    /// The values as they are.
    pub(crate) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// A number for each row; NaN where there is no value, and 0 and 1 for flags. Texts have none.
    pub(crate) fn numbers(&self) -> &[f64] {
        match &self.cells {
            Cells::Numbers(numbers) if numbers.null_count() == 0 => numbers.values(),
            cells => self.numbers.get_or_init(|| with_gaps(cells)),
        }
    }
}

/// Copies the values and strikes out those that are not there, which are mostly few.
fn with_gaps(cells: &Cells) -> Vec<f64> {
    let mut numbers: Vec<f64> = match cells {
        Cells::Numbers(numbers) => numbers.values().to_vec(),
        Cells::Integers(integers) | Cells::Times(integers) => integers.values().iter().map(|x| *x as f64).collect(),
        Cells::Unsigned(integers) => integers.values().iter().map(|x| *x as f64).collect(),
        Cells::Flags(flags) => flags.values().iter().map(|flag| f64::from(u8::from(flag))).collect(),
        Cells::Texts(_) | Cells::Other(_) => return Vec::new(),
    };
    if let Some(nulls) = cells.nulls() {
        for (word, rows) in nulls.inner().bit_chunks().iter_padded().zip(numbers.chunks_mut(64)) {
            let mut gaps = !word;
            while let Some(row) = rows.get_mut(gaps.trailing_zeros() as usize) {
                *row = f64::NAN;
                gaps &= gaps - 1;
            }
        }
    }
    numbers
}

/// Whether an integer is too great for a signed one.
fn is_beyond(array: &ArrayRef) -> bool {
    let unsigned = array.as_primitive_opt::<UInt64Type>();
    unsigned.and_then(datafusion::arrow::compute::max).is_some_and(|most| i64::try_from(most).is_err())
}

/// Visits the values of the rows that have one.
pub(crate) fn each<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, mut visit: impl FnMut(T::Native)) {
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => array.values().iter().for_each(|value| visit(*value)),
        Some(nulls) => nulls.valid_indices().for_each(|row| visit(array.values()[row])),
    }
}

fn convert(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    cast_with_options(array, to, &CastOptions { safe: false, ..Default::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_where_the_nulls_are_whatever_the_offset() {
        let array = Int64Array::from_iter((0..300).map(|i| (i % 7 != 3).then_some(i)));
        for (start, len) in [(0, 300), (61, 64), (63, 2), (130, 129), (5, 0)] {
            let slice: ArrayRef = Arc::new(array.slice(start, len));
            let column = Column::read(&slice).expect("integers");
            let found: Vec<Option<i64>> = column.numbers().iter().map(|x| (!x.is_nan()).then_some(*x as i64)).collect();
            assert_eq!(found, array.slice(start, len).iter().collect::<Vec<_>>());
        }
    }
}
