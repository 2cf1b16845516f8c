//! Batches to chunks: typed values copied in bulk with the rows' validity in words of 64 bits.

use async_trait::async_trait;
use datafusion::arrow::array::PrimitiveArray;
use datafusion::arrow::array::types::ArrowPrimitiveType;
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::buffer::NullBuffer;
use futures::StreamExt;
use std::sync::Arc;
use watchkeeper_engine::ports::frame::{Column, FrameError, Scan, Values};

use crate::cells::Cells;
use crate::rows::Batches;
use crate::shape::Shape;

/// The most rows in a chunk.
const CHUNK_ROWS_MAX: usize = 65_536;

/// What a chunk takes, about: it is copied on its way to the guest.
const CHUNK_BYTES: usize = 16 << 20;

/// A scan over batches that hold just the columns asked for.
pub(crate) struct ChunkScan {
    shape: Arc<Shape>,
    batches: Batches,
    /// The columns that a batch holds, as positions in the frame's schema.
    read: Vec<usize>,
    /// The positions of the columns asked for within a batch.
    columns: Vec<usize>,
    /// Rows of the current batch that were not handed out yet.
    rest: Option<RecordBatch>,
}

impl ChunkScan {
    pub(crate) fn new(shape: Arc<Shape>, batches: Batches, read: Vec<usize>, columns: Vec<usize>) -> Self {
        Self { shape, batches, read, columns, rest: None }
    }

    async fn batch(&mut self) -> Result<Option<RecordBatch>, FrameError> {
        if let Some(rest) = self.rest.take() {
            return Ok(Some(rest));
        }
        while let Some(batch) = self.batches.next().await {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => return Err(self.shape.unread_in(&self.read, &error).await),
            };
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Scan for ChunkScan {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        let Some(batch) = self.batch().await? else { return Ok(None) };
        let rows = batch.num_rows().min(rows_of_chunk(&batch));
        if rows < batch.num_rows() {
            self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
        }
        let head = batch.slice(0, rows);
        let column = |index: &usize| column(head.column(*index)).map_err(|what| self.shape.malformed(what));
        self.columns.iter().map(column).collect::<Result<Vec<_>, _>>().map(Some)
    }
}

/// Rows that take no more than a chunk's bytes, by what the batch's rows take on average.
fn rows_of_chunk(batch: &RecordBatch) -> usize {
    let bytes = |array: &ArrayRef| array.to_data().get_slice_memory_size().unwrap_or_default();
    let whole: usize = batch.columns().iter().map(bytes).sum();
    let each = whole.div_ceil(batch.num_rows().max(1)).max(1);
    (CHUNK_BYTES / each).clamp(1, CHUNK_ROWS_MAX)
}

fn column(array: &ArrayRef) -> Result<Column, String> {
    let cells = Cells::read(array).map_err(|error| format!("a column cannot be read: {error}"))?;
    let nulls = cells.nulls();
    let values = match &cells {
        Cells::Numbers(numbers) => Values::Numbers(copy(numbers)),
        Cells::Integers(integers) => Values::Integers(copy(integers)),
        Cells::Unsigned(unsigned) => {
            let most = datafusion::arrow::compute::max(unsigned).unwrap_or_default();
            return Err(format!(
                "a column holds {most}, which is beyond 2^63; read it as a text or a double in a view"
            ));
        }
        Cells::Times(times) => Values::Times(copy(times)),
        Cells::Flags(flags) => Values::Booleans(flags.iter().map(Option::unwrap_or_default).collect()),
        Cells::Texts(texts) => Values::Texts(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect()),
        Cells::Other(other) => return Err(format!("a column of {} can only be counted, not read", other.data_type())),
    };
    Ok(Column { values, validity: nulls.as_ref().map(words) })
}

/// The values, with the default where there is none: what lies under a null is nobody's business.
fn copy<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>) -> Vec<T::Native> {
    let mut values = array.values().to_vec();
    if let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) {
        for (value, valid) in values.iter_mut().zip(nulls.iter()) {
            if !valid {
                *value = T::Native::default();
            }
        }
    }
    values
}

/// Bit `i % 64` of word `i / 64` is row `i`, whatever offset the buffer starts at.
fn words(nulls: &NullBuffer) -> Vec<u64> {
    nulls.inner().bit_chunks().iter_padded().take(nulls.len().div_ceil(64)).collect()
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Int32Array;

    use super::*;

    #[test]
    fn validity_starts_at_the_slice_not_at_the_buffer() {
        let array = Int32Array::from_iter((0..200).map(|i| (i % 3 != 0).then_some(i)));
        let slice: ArrayRef = Arc::new(array.slice(67, 70));
        let column = column(&slice).expect("a column");
        let words = column.validity.expect("nulls");
        assert_eq!(words.len(), 2);
        let Values::Integers(values) = column.values else { panic!("integers") };
        for row in 0..70_usize {
            let valid = (row + 67) % 3 != 0;
            assert_eq!(words[row / 64] >> (row % 64) & 1 == 1, valid, "row {row}");
            assert_eq!(values[row], if valid { row as i64 + 67 } else { 0 });
        }
        assert_eq!(words[1] >> 6, 0, "no bits beyond the last row");
    }
}
