//! Data: sources opened as frames, which answer aggregates, SQL and chunked scans.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use watchkeeper_model::{Name, Time};

/// Opens named sources.
#[async_trait]
pub trait Sources: Send + Sync {
    /// Opens a source, cut to `span` on its time column.
    async fn open(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError>;
    /// What tells that a source's data has changed without reading it, such as the sizes and times of its files; equal
    /// identities are equal data. `None` where only the rows can tell.
    async fn identity(&self, _source: &Name) -> Result<Option<String>, FrameError> {
        Ok(None)
    }
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
    /// Runs read-only SQL over this frame, visible as `input`.
    async fn query(&self, sql: &str) -> Result<Arc<dyn Frame>, FrameError>;
    /// Reads columns in chunks.
    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError>;
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

/// One question about the rows. Null rows are left out of everything but `Rows` and `Nulls`.
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

/// Why data cannot be read: one sentence that names source, column and remedy where it can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FrameError(pub String);
