//! Rows kept in a file of their own: a case for a plugin's tests.

use std::{collections::HashMap, fs::File, hash::Hash, path::Path, sync::Arc};

use datafusion::{
    arrow::{
        array::{
            ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
        },
        buffer::{BooleanBuffer, NullBuffer},
        datatypes::{DataType, Schema, TimeUnit},
        error::ArrowError,
    },
    parquet::arrow::ArrowWriter,
};
use watchkeeper_engine::ports::frame::{Column, Field, FieldKind, Frame, FrameError, FrameFault, Values};

/// Writes the first rows of a frame to a new Parquet file, at most `rows_max`; gives how many. Columns that cannot be
/// read are left out, and each value of the columns to mask is replaced by the number of its first appearance.
pub async fn record(frame: &dyn Frame, path: &Path, rows_max: u64, mask: &[String]) -> Result<u64, FrameError> {
    let unwritable = |error: &dyn std::fmt::Display| {
        FrameError::new(FrameFault::Missing, format!("cannot write {}: {error}", path.display()))
    };
    let fields: Vec<&Field> = frame.fields().iter().filter(|field| field.kind != FieldKind::Other).collect();
    if let Some(unknown) = mask.iter().find(|name| fields.iter().all(|field| field.name != **name)) {
        return Err(FrameError::new(FrameFault::Missing, format!("there is no column `{unknown}` to mask")));
    }
    let schema = Arc::new(Schema::new(fields.iter().map(|field| arrow_field(field)).collect::<Vec<_>>()));
    let file = File::create_new(path).map_err(|error| unwritable(&error))?;
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), None).map_err(|error| unwritable(&error))?;
    let mut masks: Vec<Option<Mask>> =
        fields.iter().map(|field| mask.contains(&field.name).then(Mask::default)).collect();
    let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    let (mut scan, mut rows) = (frame.scan(&names).await?, 0);
    while let Some(columns) = scan.next().await? {
        let masked = columns.into_iter().zip(&mut masks).map(|(column, mask)| match mask {
            Some(mask) => mask.column(column),
            None => column,
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), masked.map(array).collect());
        let batch = batch.map_err(|error: ArrowError| unwritable(&error))?;
        let taken = usize::try_from(rows_max - rows).map_or(batch.num_rows(), |left| left.min(batch.num_rows()));
        writer.write(&batch.slice(0, taken)).map_err(|error| unwritable(&error))?;
        rows += taken as u64;
        if rows == rows_max {
            break;
        }
    }
    writer.close().map_err(|error| unwritable(&error))?;
    Ok(rows)
}

fn arrow_field(field: &Field) -> datafusion::arrow::datatypes::Field {
    let data_type = match field.kind {
        FieldKind::Number => DataType::Float64,
        FieldKind::Integer => DataType::Int64,
        FieldKind::Flag => DataType::Boolean,
        FieldKind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        FieldKind::Text | FieldKind::Other => DataType::Utf8,
    };
    datafusion::arrow::datatypes::Field::new(&field.name, data_type, true)
}

fn array(column: Column) -> ArrayRef {
    let rows = rows(&column.values);
    let nulls = column.validity.as_ref().map(|words| {
        NullBuffer::new(BooleanBuffer::collect_bool(rows, |row| {
            words.get(row / 64).is_some_and(|w| w >> (row % 64) & 1 == 1)
        }))
    });
    match column.values {
        Values::Numbers(values) => Arc::new(Float64Array::new(values.into(), nulls)),
        Values::Integers(values) => Arc::new(Int64Array::new(values.into(), nulls)),
        Values::Booleans(values) => Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls)),
        Values::Times(values) => Arc::new(TimestampMicrosecondArray::new(values.into(), nulls).with_timezone("UTC")),
        Values::Texts(values) => {
            let there = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            Arc::new(values.iter().enumerate().map(|(row, text)| there(row).then_some(text)).collect::<StringArray>())
        }
    }
}

fn rows(values: &Values) -> usize {
    match values {
        Values::Numbers(values) => values.len(),
        Values::Integers(values) | Values::Times(values) => values.len(),
        Values::Booleans(values) => values.len(),
        Values::Texts(values) => values.len(),
    }
}

/// The values of a column that were seen, with the number of their first appearance.
#[derive(Default)]
struct Mask {
    texts: HashMap<String, usize>,
    bits: HashMap<u64, usize>,
}

impl Mask {
    /// The column with other values, equal where they were equal; what is null stays so, and flags stay as they are.
    fn column(&mut self, column: Column) -> Column {
        let values = match column.values {
            Values::Texts(texts) => {
                Values::Texts(texts.into_iter().map(|text| format!("v{}", number(&mut self.texts, text))).collect())
            }
            Values::Integers(values) => Values::Integers(values.into_iter().map(|value| self.integer(value)).collect()),
            Values::Times(values) => Values::Times(values.into_iter().map(|value| self.integer(value)).collect()),
            Values::Numbers(values) => {
                let masked = |value: f64| match value.is_nan() {
                    true => value,
                    false => number(&mut self.bits, value.to_bits()) as f64,
                };
                Values::Numbers(values.into_iter().map(masked).collect())
            }
            flags @ Values::Booleans(_) => flags,
        };
        Column { values, validity: column.validity }
    }

    fn integer(&mut self, value: i64) -> i64 {
        i64::try_from(number(&mut self.bits, value.cast_unsigned())).unwrap_or(i64::MAX)
    }
}

fn number<T: Hash + Eq>(seen: &mut HashMap<T, usize>, value: T) -> usize {
    let next = seen.len() + 1;
    *seen.entry(value).or_insert(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_keeps_what_is_equal_equal_from_chunk_to_chunk() {
        let mut mask = Mask::default();
        let mut masked = |texts: &[&str]| {
            let values = Values::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
            mask.column(Column { values, validity: None }).values
        };
        let texts = |texts: &[&str]| Values::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(masked(&["ann", "bob", "ann"]), texts(&["v1", "v2", "v1"]));
        assert_eq!(masked(&["eve", "bob"]), texts(&["v3", "v2"]));
    }

    #[test]
    fn nulls_and_nans_stay_what_they_are() {
        let column = Column { values: Values::Numbers(vec![7.5, f64::NAN, 7.5]), validity: Some(vec![0b011]) };
        let masked = Mask::default().column(column);
        assert_eq!(masked.validity, Some(vec![0b011]));
        let Values::Numbers(values) = masked.values else { unreachable!("numbers stay numbers") };
        assert!(values[0] == 1.0 && values[1].is_nan() && values[2] == 1.0, "{values:?}");
    }
}
