//! One column of a batch in the few forms that checks know, without copying where arrow already has that form.

use std::sync::Arc;

use datafusion::arrow::array::types::ArrowPrimitiveType;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, PrimitiveArray, StringArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::arrow::error::ArrowError;
use watchkeeper_engine::ports::frame::FieldKind;

use crate::shape::kind_of;
use crate::time::micros;

/// The values of one column.
#[derive(Debug, Clone)]
pub(crate) enum Cells {
    /// Floats and decimals.
    Numbers(Float64Array),
    /// Integers of every width; an unsigned one above `i64::MAX` is an error.
    Integers(Int64Array),
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
            FieldKind::Integer => Self::Integers(convert(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone()),
            FieldKind::Flag => Self::Flags(array.as_boolean().clone()),
            FieldKind::Text => Self::Texts(convert(array, &DataType::Utf8)?.as_string::<i32>().clone()),
            FieldKind::Time => Self::Times(micros(array)?),
            FieldKind::Other => Self::Other(Arc::clone(array)),
        })
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.array().len()
    }

    /// How many rows have no value.
    pub(crate) fn null_count(&self) -> usize {
        self.array().logical_null_count()
    }

    /// Which rows have a value; `None`: all.
    pub(crate) fn nulls(&self) -> Option<NullBuffer> {
        self.array().logical_nulls().filter(|nulls| nulls.null_count() > 0)
    }

    /// Visits every value as a number: nulls and NaNs are left out, flags are 0 and 1.
    pub(crate) fn each_number(&self, mut visit: impl FnMut(f64)) {
        match self {
            Self::Numbers(numbers) => each(numbers, |x| {
                if !x.is_nan() {
                    visit(x);
                }
            }),
            Self::Integers(integers) | Self::Times(integers) => each(integers, |x| visit(x as f64)),
            Self::Flags(flags) => flags.iter().flatten().for_each(|flag| visit(f64::from(u8::from(flag)))),
            Self::Texts(_) | Self::Other(_) => {}
        }
    }

    fn array(&self) -> &dyn Array {
        match self {
            Self::Numbers(array) => array,
            Self::Integers(array) | Self::Times(array) => array,
            Self::Flags(array) => array,
            Self::Texts(array) => array,
            Self::Other(array) => array,
        }
    }
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
