//! A frame: the rows of a source in a span, or the rows of a query over them.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::common::TableReference;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Field, Frame, FrameError, Scan};

use crate::aggregate::Questions;
use crate::chunks::ChunkScan;
use crate::fault::{Why, fault_of, reason};
use crate::rows::Rows;
use crate::session::{SQL_PARTS, Sessions, read_only};
use crate::shape::Shape;

/// The name that a frame goes by in SQL.
const INPUT: &str = "input";

/// Rows with known columns.
pub(crate) struct SourceFrame {
    shape: Arc<Shape>,
    rows: Rows,
    sessions: Arc<Sessions>,
}

impl SourceFrame {
    pub(crate) fn new(shape: Arc<Shape>, rows: Rows, sessions: Arc<Sessions>) -> Self {
        Self { shape, rows, sessions }
    }
}

#[async_trait]
impl Frame for SourceFrame {
    fn fields(&self) -> &[Field] {
        &self.shape.fields
    }

    fn time_column(&self) -> Option<&str> {
        self.shape.time.map(|index| self.shape.fields[index].name.as_str())
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        let questions = Arc::new(Questions::new(&self.shape, asks)?);
        match self.rows.answers(&self.shape, &questions).await {
            Ok(answers) => Ok(answers),
            Err(error) => Err(self.shape.unread_in(questions.columns(), &error).await),
        }
    }

    async fn query(&self, sql: &str) -> Result<Arc<dyn Frame>, FrameError> {
        let context = self.sessions.context(SQL_PARTS);
        let input = self.rows.table().and_then(|rows| context.register_table(TableReference::bare(INPUT), rows));
        input.map_err(|error| self.shape.unread(&error))?;
        let plan = read_only(&context, sql).await.map_err(|what| self.shape.refused(what))?;
        let shape = Shape::new(&self.shape.source, Arc::clone(plan.schema().inner()), None)?;
        let gathered = Rows::gather(plan, self.sessions.decoded_bytes_max()).await;
        let rows = gathered.map_err(|error| {
            Why::new(fault_of(&error), format!("the SQL failed: {}", reason(&error))).of(&self.shape.source)
        })?;
        Ok(Arc::new(Self::new(Arc::new(shape), rows, Arc::clone(&self.sessions))))
    }

    async fn remark(&self, column: &str) -> Option<String> {
        self.shape.why_text(column).await
    }

    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        let wanted = columns.iter().map(|column| self.shape.readable(column)).collect::<Result<Vec<_>, _>>()?;
        // A column may be asked for twice, but a plan gives each once.
        let mut read = wanted.clone();
        read.sort_unstable();
        read.dedup();
        let places = wanted.iter().filter_map(|column| read.binary_search(column).ok()).collect();
        let batches = match read.is_empty() {
            true => return Err(self.shape.refused("a scan names no column; name at least one")),
            false => self.rows.batches(&self.shape, &read).await.map_err(|error| self.shape.unread(&error))?,
        };
        Ok(Box::new(ChunkScan::new(Arc::clone(&self.shape), batches, read, places)))
    }
}
