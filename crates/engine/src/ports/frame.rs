//! Data: sources opened as frames, which answer aggregates, SQL and chunked scans.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use watchkeeper_model::{Name, Time};

use super::memory::Memory;

/// What SQL may hold that no run asks for.
const QUERY_BYTES_MAX: u64 = 256 << 20;

/// Opens named sources.
#[async_trait]
pub trait Sources: Send + Sync {
    /// The sources from now on, for one evaluation.
    fn moment(&self) -> Arc<dyn Moment>;
    /// Opens a source by itself; each read of its rows may see another state of them.
    async fn open(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        let moment = self.moment();
        let opened = moment.open(source, span).await;
        moment.end();
        opened
    }
    /// What tells that a source's data has changed without reading it, such as the sizes and times of its files; equal
    /// identities are equal data. `None` where only the rows can tell.
    async fn identity(&self, _source: &Name) -> Result<Option<String>, FrameError> {
        Ok(None)
    }
}

/// Sources for one evaluation: while it is held, all that is opened of it is read in one state of the data.
#[async_trait]
pub trait Moment: Send + Sync {
    /// Opens a source, cut to `span` on its time column.
    async fn open(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError>;
    /// Fails with [`FrameFault::Moved`] where what was read is not in the state of the beginning any more.
    async fn unmoved(&self) -> Result<(), FrameError> {
        Ok(())
    }
    /// The evaluation has ended: what still runs is cancelled. Frames that are kept read another state from now on.
    fn end(&self) {}
}

/// The rows with a time in `[start, end)`; an absent end is unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// First instant included.
    pub start: Option<Time>,
    /// First instant left out.
    pub end: Option<Time>,
}

/// Rows of typed columns, read where they live.
#[async_trait]
pub trait Frame: Send + Sync {
    /// The columns, in order.
    fn fields(&self) -> &[Field];
    /// The column that windows are cut on.
    fn time_column(&self) -> Option<&str>;
    /// Answers every question in one scan, in the order asked.
    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError>;
    /// Runs read-only SQL over this frame, visible as `input`; what is held of it here is taken from a run's account.
    async fn query_in(&self, sql: &str, memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError>;
    /// Runs SQL with an account of its own.
    async fn query(&self, sql: &str) -> Result<Arc<dyn Frame>, FrameError> {
        self.query_in(sql, &Memory::new(QUERY_BYTES_MAX)).await
    }
    /// How many rows there are.
    async fn count(&self) -> Result<u64, FrameError> {
        match self.aggregate(&[Aggregate::Rows]).await?[..] {
            [Answer::Count(rows)] => Ok(rows),
            _ => Err(FrameError::new(FrameFault::Malformed, "the source did not answer how many rows it has")),
        }
    }
    /// Whether there are `enough` rows, and how many where that costs little more.
    async fn count_to(&self, enough: u64) -> Result<RowCount, FrameError> {
        let rows = self.count().await?;
        Ok(RowCount { rows: Some(rows), enough: rows >= enough })
    }
    /// What there is to say of a column of texts that somebody took for numbers: the first value that is none, and where.
    async fn remark(&self, _column: &str) -> Option<String> {
        None
    }
    /// Reads columns in chunks.
    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError>;
}

/// What is known of how many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCount {
    /// All rows, where they were counted.
    pub rows: Option<u64>,
    /// Whether there are as many as were asked for.
    pub enough: bool,
}

/// A running scan.
#[async_trait]
pub trait Scan: Send {
    /// The next chunk, one entry a column asked for, at most 65,536 rows; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError>;
}

/// A column's name and type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// As the source names it.
    pub name: String,
    /// How a check may read it.
    pub kind: FieldKind,
    /// The source's own type name, for people and for the schema hash.
    pub data_type: String,
    /// Whether the source allows nulls.
    pub nullable: bool,
}

/// How a check may read a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    /// Floats and decimals, read as f64.
    Number,
    /// Integers, read as i64.
    Integer,
    /// Strings.
    Text,
    /// Booleans.
    Flag,
    /// Dates and timestamps, read as microseconds since 1970 UTC.
    Time,
    /// Anything else; only counted.
    Other,
}

/// One question about the rows. Nulls and NaN are left out of everything but `Rows`, `Nulls` and `Nans`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Aggregate {
    /// The number of rows -> `Count`.
    Rows,
    /// Nulls of a column, without NaN -> `Count`.
    Nulls(String),
    /// NaNs of a column; 0 for a column that is not a float -> `Count`.
    Nans(String),
    /// Distinct values -> `Count`.
    Distinct(String),
    /// Least value; times in microseconds -> `Number`.
    Minimum(String),
    /// Greatest value; times in microseconds -> `Number`.
    Maximum(String),
    /// Arithmetic mean -> `Number`.
    Mean(String),
    /// Sample standard deviation -> `Number`.
    Deviation(String),
    /// A quantile in 0..=1 by linear interpolation, exact -> `Number`.
    Quantile(String, f64),
    /// Counts of values per bin between ascending inner edges: bins `(-inf, e0) [e0, e1) … [en, inf)` -> `Counts`.
    Histogram(String, Vec<f64>),
    /// The most frequent values with their counts, most frequent first, ties by value -> `Groups`.
    Top(String, u32),
    /// How well scores tell two classes apart -> `Classes`.
    Classes(ClassColumns),
    /// How far a prediction is from its target -> `Errors`.
    Errors {
        /// What happened.
        target: String,
        /// What was predicted.
        prediction: String,
    },
}

impl Aggregate {
    /// The one column that is asked about; none of questions about rows, or about several columns.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Rows | Self::Classes(_) | Self::Errors { .. } => None,
            Self::Nulls(column)
            | Self::Nans(column)
            | Self::Distinct(column)
            | Self::Minimum(column)
            | Self::Maximum(column)
            | Self::Mean(column)
            | Self::Deviation(column)
            | Self::Quantile(column, _)
            | Self::Histogram(column, _)
            | Self::Top(column, _) => Some(column),
        }
    }
}

/// The columns that [`Aggregate::Classes`] compares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassColumns {
    /// The true class: numbers or flags, 0 or 1.
    pub label: String,
    /// The score of class 1.
    pub score: String,
    /// The decision, 0 or 1; without it a score from `threshold` on decides for class 1.
    pub decision: Option<String>,
    /// The least score that decides for class 1.
    pub threshold: f64,
}

/// The answer to one aggregate. `Number(None)`: no value to answer from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// A number of rows or values.
    Count(u64),
    /// A statistic.
    Number(Option<f64>),
    /// One count a bin.
    Counts(Vec<u64>),
    /// Values and their counts.
    Groups(Vec<(String, u64)>),
    /// Classes compared.
    Classes(Classes),
    /// Errors summed up.
    Errors(Errors),
}

/// How scores and decisions meet the true classes. A row without a label, score or decision, or with a NaN, is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Classes {
    /// Rows that are not skipped.
    pub rows: u64,
    /// Rows that are.
    pub skipped: u64,
    /// The least label that is neither 0 nor 1; a row with a stray is in `rows` and in nothing else.
    pub stray_label: Option<f64>,
    /// The least decision that is neither 0 nor 1, among rows whose label is no stray.
    pub stray_decision: Option<f64>,
    /// Rows of class 1 that were decided so.
    pub true_positives: u64,
    /// Rows of class 0 that were decided 1.
    pub false_positives: u64,
    /// Rows of class 1 that were decided 0.
    pub false_negatives: u64,
    /// Rows of class 0 that were decided so.
    pub true_negatives: u64,
    /// The share of pairs of both classes in which class 1 scores higher, equal scores counting one half; exact.
    pub auc: Option<f64>,
    /// Scores outside 0 and 1; above 0, the sums mean nothing.
    pub outside: u64,
    /// Of -ln(p), where p is the probability that the score gives to the label, kept epsilon away from 0 and 1.
    pub log_loss_sum: f64,
    /// Of the squared distance between score and label.
    pub brier_sum: f64,
}

/// Errors, prediction minus target, over the rows in which both are finite; the others are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Errors {
    /// Rows that are not skipped.
    pub rows: u64,
    /// Rows that are.
    pub skipped: u64,
    /// Of the errors.
    pub error_sum: f64,
    /// Of their sizes.
    pub absolute_sum: f64,
    /// Of their sizes, each divided by its target's, which counts as epsilon at least.
    pub relative_sum: f64,
    /// Of their squares.
    pub squared_sum: f64,
    /// Of the squared distances of the targets from their mean.
    pub target_squares: f64,
}

/// One column of a chunk. Where `validity` is present, bit `i % 64` of word `i / 64` says that row `i` has a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The values; null rows hold a default.
    pub values: Values,
    /// Which rows have a value; `None`: all.
    pub validity: Option<Vec<u64>>,
}

/// Typed values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Values {
    /// Of a `Number` column.
    Numbers(Vec<f64>),
    /// Of an `Integer` column.
    Integers(Vec<i64>),
    /// Of a `Flag` column.
    Booleans(Vec<bool>),
    /// Of a `Text` column.
    Texts(Vec<String>),
    /// Of a `Time` column: microseconds since 1970 UTC.
    Times(Vec<i64>),
}

/// Why data cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FrameError {
    /// What kind of fault it is.
    pub fault: FrameFault,
    /// One sentence that names source, column and remedy where it can.
    pub message: String,
}

/// What keeps data from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameFault {
    /// Whoever keeps it does not answer, or has no room just now.
    Unreachable,
    /// It changed while it was read.
    Moved,
    /// There is no such source, file, table or column.
    Missing,
    /// What is asked cannot be asked of it, or may not be.
    Refused,
    /// What is there cannot be read as what it should be.
    Malformed,
}

impl FrameError {
    /// A fault, and the sentence that says it.
    pub fn new(fault: FrameFault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into() }
    }

    /// Whether the next try, a moment later, may well succeed.
    pub fn may_pass(&self) -> bool {
        matches!(self.fault, FrameFault::Unreachable | FrameFault::Moved)
    }
}
