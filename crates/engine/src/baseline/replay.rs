//! Scans of a remembered frame: recorded while they are read, and read again from the record.

use std::sync::Arc;

use async_trait::async_trait;

use super::memory::{Chunks, Memory};
use crate::ports::frame::{Column, FrameError, Scan, Values};

/// A scan of more bytes than this is not kept: a digest holds answers, and rows only where they are few.
pub(crate) const SCAN_BYTES_MAX: usize = 256 * 1024;

/// Passes a scan on and keeps what it reads while that is little.
pub(crate) struct RecordingScan {
    inner: Box<dyn Scan>,
    memory: Arc<Memory>,
    columns: Vec<String>,
    /// What was read; `None` once it is too much.
    kept: Option<Chunks>,
    bytes: usize,
}

impl RecordingScan {
    pub(crate) fn new(inner: Box<dyn Scan>, memory: Arc<Memory>, columns: &[String]) -> Self {
        Self { inner, memory, columns: columns.to_vec(), kept: Some(Vec::new()), bytes: 0 }
    }

    fn keep(&mut self, chunk: &[Column]) {
        self.bytes += chunk.iter().map(bytes).sum::<usize>();
        match &mut self.kept {
            Some(chunks) if self.bytes <= SCAN_BYTES_MAX => chunks.push(chunk.to_vec()),
            _ => self.kept = None,
        }
    }
}

#[async_trait]
impl Scan for RecordingScan {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        let chunk = self.inner.next().await?;
        match &chunk {
            Some(chunk) => self.keep(chunk),
            None => self.memory.learn_scan(&self.columns, self.kept.take()),
        }
        Ok(chunk)
    }
}

fn bytes(column: &Column) -> usize {
    let validity = column.validity.as_ref().map_or(0, |words| words.len() * 8);
    validity
        + match &column.values {
            Values::Numbers(values) => values.len() * 8,
            Values::Integers(values) | Values::Times(values) => values.len() * 8,
            Values::Booleans(values) => values.len(),
            Values::Texts(values) => values.iter().map(|text| text.len() + 8).sum(),
        }
}

/// Reads a scan that was kept.
pub(super) struct KeptScan {
    chunks: Arc<Chunks>,
    next: usize,
}

impl KeptScan {
    pub(super) fn new(chunks: Arc<Chunks>) -> Self {
        Self { chunks, next: 0 }
    }
}

#[async_trait]
impl Scan for KeptScan {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        let chunk = self.chunks.get(self.next).cloned();
        self.next += 1;
        Ok(chunk)
    }
}
