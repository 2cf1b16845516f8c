//! Rows in memory or still to be read: both feed the same accumulators and the same chunks.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::ident;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use tokio::task::JoinSet;
use watchkeeper_engine::ports::frame::Answer;
use watchkeeper_engine::ports::memory::{Held, Memory};

use crate::aggregate::{Questions, Tally};
use crate::memory::exhausted;
use crate::session::SCAN_PARTS;
use crate::shape::Shape;

/// Batches in the order of the rows.
pub(crate) type Batches = BoxStream<'static, Result<RecordBatch, DataFusionError>>;

/// Windows of more rows are added up in parts, on threads that may block.
const INLINE_ROWS_MAX: usize = 100_000;

/// The rows of a frame.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// A slice of a source that is held in memory.
    Memory(RecordBatch),
    /// A plan that reads them, each time anew.
    Plan(Box<DataFrame>),
}

impl Rows {
    /// Reads a plan to its end, unless its rows take more than so many bytes.
    pub(crate) async fn gather(plan: DataFrame, bytes_max: usize) -> Result<Self, DataFusionError> {
        let streams = plan.clone().execute_stream_partitioned().await?;
        let Some(schema) = streams.first().map(|stream| stream.schema()) else { return Ok(Self::Plan(Box::new(plan))) };
        let (mut batches, mut bytes) = (Vec::new(), 0);
        let mut stream = one_after_another(streams);
        while let Some(batch) = stream.try_next().await? {
            bytes += batch.get_array_memory_size();
            if bytes > bytes_max {
                return Ok(Self::Plan(Box::new(plan)));
            }
            batches.push(batch);
        }
        Ok(Self::Memory(concat_batches(&schema, &batches)?))
    }

    /// Reads the plan of a run to its end, unless its rows take more than so many bytes or more than the run's account
    /// has; gives what they take of it.
    pub(crate) async fn gather_in(
        plan: DataFrame,
        bytes_max: usize,
        memory: &Arc<Memory>,
    ) -> Result<(Self, Option<Held>), DataFusionError> {
        // Batches and the one batch of all of them are held at once.
        let left = usize::try_from(memory.left() / 2).unwrap_or(usize::MAX);
        match Self::gather(plan, bytes_max.min(left)).await? {
            Self::Memory(batch) => {
                let held = memory.hold(batch.get_array_memory_size() as u64).map_err(exhausted)?;
                Ok((Self::Memory(batch), Some(held)))
            }
            plan @ Self::Plan(_) => Ok((plan, None)),
        }
    }

    /// The rows as a table for SQL.
    pub(crate) fn table(&self) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        match self {
            Self::Memory(batch) => Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch.clone()]])?)),
            Self::Plan(plan) => Ok(plan.as_ref().clone().into_view()),
        }
    }

    /// The batches of some columns, which stand in them in the order given.
    pub(crate) async fn batches(&self, shape: &Shape, columns: &[usize]) -> Result<Batches, DataFusionError> {
        match self {
            Self::Memory(batch) => Ok(stream::iter([batch.project(columns).map_err(DataFusionError::from)]).boxed()),
            Self::Plan(plan) => Ok(one_after_another(select(plan, shape, columns).await?)),
        }
    }

    /// Answers questions in one scan, which counts the rows as well.
    pub(crate) async fn answers(
        &self,
        shape: &Shape,
        questions: &Arc<Questions>,
    ) -> Result<(u64, Vec<Answer>), DataFusionError> {
        let tally = self.tally(shape, questions).await?;
        let rows = tally.rows();
        if tally.is_quick() {
            return Ok((rows, questions.answers(tally)?));
        }
        let questions = Arc::clone(questions);
        let answers = tokio::task::spawn_blocking(move || questions.answers(tally)).await.map_err(ended)?;
        Ok((rows, answers?))
    }

    async fn tally(&self, shape: &Shape, questions: &Arc<Questions>) -> Result<Tally, DataFusionError> {
        match self {
            Self::Memory(batch) if batch.num_rows() <= INLINE_ROWS_MAX => add_up(questions, batch),
            Self::Memory(batch) => {
                let share = batch.num_rows().div_ceil(SCAN_PARTS);
                let mut parts = JoinSet::new();
                for (order, start) in (0..batch.num_rows()).step_by(share).enumerate() {
                    let part = batch.slice(start, share.min(batch.num_rows() - start));
                    let questions = Arc::clone(questions);
                    parts.spawn_blocking(move || Ok((order, add_up(&questions, &part)?)));
                }
                in_order(parts, questions).await
            }
            Self::Plan(plan) => {
                // A plan must read something for its rows to be counted.
                let columns = if questions.columns().is_empty() { &[0] } else { questions.columns() };
                tally_parts(select(plan, shape, columns).await?, questions).await
            }
        }
    }
}

fn add_up(questions: &Questions, batch: &RecordBatch) -> Result<Tally, DataFusionError> {
    let mut tally = questions.start();
    tally.add(batch, questions.columns())?;
    Ok(tally)
}

async fn select(
    plan: &DataFrame,
    shape: &Shape,
    columns: &[usize],
) -> Result<Vec<SendableRecordBatchStream>, DataFusionError> {
    let columns: Vec<_> = columns.iter().map(|column| ident(&shape.fields[*column].name)).collect();
    plan.clone().select(columns)?.execute_stream_partitioned().await
}

/// Adds the parts up side by side.
async fn tally_parts(
    streams: Vec<SendableRecordBatchStream>,
    questions: &Arc<Questions>,
) -> Result<Tally, DataFusionError> {
    let mut parts = JoinSet::new();
    for (order, stream) in streams.into_iter().enumerate() {
        let questions = Arc::clone(questions);
        parts.spawn(async move { tally_part(stream, &questions).await.map(|tally| (order, tally)) });
    }
    in_order(parts, questions).await
}

/// Joins parts in their order, so that the sum is the same every time.
async fn in_order(
    mut parts: JoinSet<Result<(usize, Tally), DataFusionError>>,
    questions: &Questions,
) -> Result<Tally, DataFusionError> {
    let mut tallies = Vec::new();
    while let Some(part) = parts.join_next().await {
        tallies.push(part.map_err(ended)??);
    }
    tallies.sort_by_key(|(order, _)| *order);
    let mut whole = questions.start();
    tallies.into_iter().try_for_each(|(_, part)| whole.merge(part))?;
    Ok(whole)
}

async fn tally_part(mut stream: SendableRecordBatchStream, questions: &Questions) -> Result<Tally, DataFusionError> {
    let positions: Vec<usize> = (0..questions.columns().len()).collect();
    let mut tally = questions.start();
    while let Some(batch) = stream.try_next().await? {
        tally.add(&batch, &positions)?;
    }
    Ok(tally)
}

fn one_after_another(streams: Vec<SendableRecordBatchStream>) -> Batches {
    stream::iter(streams).flatten().boxed()
}

fn ended(error: tokio::task::JoinError) -> DataFusionError {
    DataFusionError::Execution(format!("a reading task ended early: {error}"))
}
