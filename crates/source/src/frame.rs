//! A frame: the rows of a source in a span, or the rows of a query over them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Field, Frame, FrameError, Scan};
use watchkeeper_engine::ports::memory::{Held, Memory};

use crate::chunks::ChunkScan;
use crate::cut::Cut;
use crate::fault::{Why, fault_of, reason};
use crate::rows::Rows;
use crate::session::Sessions;
use crate::shape::Shape;
use crate::sql::{bounded, deeper, read_only};

/// The name that a frame goes by in SQL.
const INPUT: &str = "input";

/// The rows of a cut, for one evaluation.
pub(crate) struct SourceFrame {
    cut: Arc<Cut>,
    sessions: Arc<Sessions>,
    /// Whether it is still to be expected that something is asked of it.
    fresh: AtomicBool,
    /// Of so many queries over one another.
    depth: usize,
    /// What its rows take of the run that asked for them.
    _held: Option<Held>,
}

impl SourceFrame {
    pub(crate) fn new(cut: Arc<Cut>, sessions: Arc<Sessions>) -> Self {
        Self::of_queries(cut, sessions, 0, None)
    }

    /// The rows of so many queries over one another.
    fn of_queries(cut: Arc<Cut>, sessions: Arc<Sessions>, depth: usize, held: Option<Held>) -> Self {
        cut.fresh.fetch_add(1, Ordering::Relaxed);
        Self { cut, sessions, fresh: AtomicBool::new(true), depth, _held: held }
    }

    /// Nobody waits for it any more: it asks now, or never will.
    fn is_asked(&self) {
        if self.fresh.swap(false, Ordering::Relaxed) {
            self.cut.fresh.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn shape(&self) -> &Arc<Shape> {
        &self.cut.shape
    }
}

impl Drop for SourceFrame {
    fn drop(&mut self) {
        self.is_asked();
    }
}

#[async_trait]
impl Frame for SourceFrame {
    fn fields(&self) -> &[Field] {
        &self.shape().fields
    }

    fn time_column(&self) -> Option<&str> {
        self.shape().time.map(|index| self.shape().fields[index].name.as_str())
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        self.is_asked();
        self.cut.answers(asks).await
    }

    async fn query_in(&self, sql: &str, memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        self.is_asked();
        let depth = deeper(self.depth).map_err(|what| self.shape().refused(what))?;
        let context = self.sessions.guest(memory);
        let input = self.cut.rows.table().and_then(|rows| context.register_table(TableReference::bare(INPUT), rows));
        input.map_err(|error| self.shape().unread(&error))?;
        let plan = read_only(&context, sql).await.map_err(|what| self.shape().refused(what))?;
        let failed = |error: &DataFusionError| {
            Why::new(fault_of(error), format!("the SQL failed: {}", reason(error))).of(&self.shape().source)
        };
        let plan = bounded(plan).map_err(|error| failed(&error))?;
        let shape = Shape::new(&self.shape().source, Arc::clone(plan.schema().inner()), None)?;
        let bytes_max = self.sessions.decoded_bytes_max();
        let (rows, held) = Rows::gather_in(plan, bytes_max, memory).await.map_err(|error| failed(&error))?;
        let cut = Arc::new(Cut::new(Arc::new(shape), rows, None));
        Ok(Arc::new(Self::of_queries(cut, Arc::clone(&self.sessions), depth, held)))
    }

    async fn remark(&self, column: &str) -> Option<String> {
        self.shape().why_text(column).await
    }

    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        self.is_asked();
        let wanted = columns.iter().map(|column| self.shape().readable(column)).collect::<Result<Vec<_>, _>>()?;
        // A column may be asked for twice, but a plan gives each once.
        let mut read = wanted.clone();
        read.sort_unstable();
        read.dedup();
        let places = wanted.iter().filter_map(|column| read.binary_search(column).ok()).collect();
        let batches = match read.is_empty() {
            true => return Err(self.shape().refused("a scan names no column; name at least one")),
            false => self.cut.rows.batches(self.shape(), &read).await.map_err(|error| self.shape().unread(&error))?,
        };
        Ok(Box::new(ChunkScan::new(Arc::clone(self.shape()), batches, read, places)))
    }
}
