//! A frame: the rows of a source in a span, or the rows of a query over them.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use datafusion::common::TableReference;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Field, Frame, FrameError, Scan};

use crate::aggregate::Questions;
use crate::chunks::ChunkScan;
use crate::fault::{Why, fault_of, reason};
use crate::footer::Footer;
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
    /// What is known of all its rows without reading one.
    footer: Option<Arc<Footer>>,
    /// How many rows there are, once somebody has counted them.
    counted: OnceLock<u64>,
}

impl SourceFrame {
    pub(crate) fn new(shape: Arc<Shape>, rows: Rows, sessions: Arc<Sessions>) -> Self {
        let counted = match &rows {
            Rows::Memory(batch) => OnceLock::from(batch.num_rows() as u64),
            Rows::Plan(_) => OnceLock::new(),
        };
        Self { shape, rows, sessions, footer: None, counted }
    }

    /// With what is known of all its rows without reading one.
    pub(crate) fn with_footer(self, footer: Option<Arc<Footer>>) -> Self {
        match footer {
            Some(footer) => Self { counted: OnceLock::from(footer.rows()), footer: Some(footer), ..self },
            None => self,
        }
    }

    fn known(&self, ask: &Aggregate) -> Option<Answer> {
        match (&self.footer, ask, self.counted.get()) {
            (Some(footer), ..) => footer.answer(&self.shape, ask),
            (None, Aggregate::Rows, Some(rows)) => Some(Answer::Count(*rows)),
            _ => None,
        }
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
        let all = Questions::new(&self.shape, asks)?;
        let known: Vec<Option<Answer>> = asks.iter().map(|ask| self.known(ask)).collect();
        let open = asks.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(ask, _)| ask.clone());
        let open: Vec<Aggregate> = open.collect();
        if open.is_empty() {
            return Ok(known.into_iter().flatten().collect());
        }
        let questions = if open.len() == asks.len() { all } else { Questions::new(&self.shape, &open)? };
        let questions = Arc::new(questions);
        let (rows, answers) = match self.rows.answers(&self.shape, &questions).await {
            Ok(answered) => answered,
            Err(error) => return Err(self.shape.unread_in(questions.columns(), &error).await),
        };
        self.counted.get_or_init(|| rows);
        let mut answers = answers.into_iter();
        Ok(known.into_iter().filter_map(|known| known.or_else(|| answers.next())).collect())
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
