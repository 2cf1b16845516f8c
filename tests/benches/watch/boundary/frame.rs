//! A frame of one column of numbers, which are there already.

use std::sync::Arc;

use async_trait::async_trait;
use watchkeeper_engine::ports::{
    frame::{Aggregate, Answer, Column, Field, Frame, FrameError, FrameFault, Scan, Values},
    memory::Memory,
};

pub(super) struct Numbers {
    pub(super) chunks: usize,
    pub(super) chunk_rows: usize,
}

#[async_trait]
impl Frame for Numbers {
    fn fields(&self) -> &[Field] {
        &[]
    }
    fn time_column(&self) -> Option<&str> {
        None
    }
    async fn aggregate(&self, _asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        Err(FrameError::new(FrameFault::Refused, "it is only read"))
    }
    async fn query_in(&self, _sql: &str, _memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        Err(FrameError::new(FrameFault::Refused, "it is only read"))
    }
    async fn scan(&self, _columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        Ok(Box::new(Chunks { left: self.chunks, chunk: vec![1.0; self.chunk_rows] }))
    }
}

struct Chunks {
    left: usize,
    chunk: Vec<f64>,
}

#[async_trait]
impl Scan for Chunks {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        Ok(Some(vec![Column { values: Values::Numbers(self.chunk.clone()), validity: None }]))
    }
}
