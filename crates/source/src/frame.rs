//! A frame: the rows of a source in a span, or the rows of a query over them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Column, Field, Frame, FrameError, FrameFault, Scan};
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

const OVER: &str = "the run that asked for it is over";

/// The rows of a cut, for one evaluation.
pub(crate) struct SourceFrame {
    cut: Arc<Cut>,
    sessions: Arc<Sessions>,
    /// Whether it is still to be expected that something is asked of it.
    fresh: AtomicBool,
    /// Of what a query gave: whose it is.
    query: Option<OfQuery>,
}

/// The rows of a query, which belong to a run.
struct OfQuery {
    /// So many queries over one another.
    depth: usize,
    memory: Arc<Memory>,
    /// What the rows take of the run's memory.
    _held: Option<Held>,
}

impl SourceFrame {
    pub(crate) fn new(cut: Arc<Cut>, sessions: Arc<Sessions>) -> Self {
        Self::of(cut, sessions, None)
    }

    fn of(cut: Arc<Cut>, sessions: Arc<Sessions>, query: Option<OfQuery>) -> Self {
        cut.fresh.fetch_add(1, Ordering::Relaxed);
        Self { cut, sessions, fresh: AtomicBool::new(true), query }
    }

    /// Nobody reads this: the run that asked is over.
    fn over(&self) -> FrameError {
        self.shape().refused(OVER)
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
        match &self.query {
            Some(query) => query.memory.while_open(self.cut.answers(asks)).await.ok_or_else(|| self.over())?,
            None => self.cut.answers(asks).await,
        }
    }

    async fn query_in(&self, sql: &str, memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        self.is_asked();
        let depth =
            deeper(self.query.as_ref().map_or(0, |query| query.depth)).map_err(|what| self.shape().refused(what))?;
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
        let gathered = memory.while_open(Rows::gather_in(plan, bytes_max, memory)).await;
        let (rows, held) = gathered.ok_or_else(|| self.over())?.map_err(|error| failed(&error))?;
        let cut = Arc::new(Cut::new(Arc::new(shape), rows, None));
        let of = OfQuery { depth, memory: Arc::clone(memory), _held: held };
        Ok(Arc::new(Self::of(cut, Arc::clone(&self.sessions), Some(of))))
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
        let scan = Box::new(ChunkScan::new(Arc::clone(self.shape()), batches, read, places));
        Ok(match &self.query {
            Some(query) => Box::new(ScanOfQuery { scan, memory: Arc::clone(&query.memory) }),
            None => scan,
        })
    }
}

/// A scan of a query's rows, which stops with its run.
struct ScanOfQuery {
    scan: Box<ChunkScan>,
    memory: Arc<Memory>,
}

#[async_trait]
impl Scan for ScanOfQuery {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        let over = || FrameError::new(FrameFault::Refused, OVER);
        self.memory.while_open(self.scan.next()).await.ok_or_else(over)?
    }
}
