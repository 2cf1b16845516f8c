//! What is kept of a baseline: answers, not rows.

use serde::{Deserialize, Serialize};
use watchkeeper_model::{Labels, Name, Time};

use super::frame::{Aggregate, Answer, Column, Field, Span};

/// A frozen baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptBaseline {
    /// The monitor.
    pub monitor: Name,
    /// When it was frozen; unique for a monitor.
    pub frozen_at: Time,
    /// Who froze it: a person, or `watchkeeper` at the first tick.
    pub by: String,
    /// What is kept.
    pub digest: BaselineDigest,
}

/// What is kept of a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineDigest {
    /// What data it was computed from.
    pub fingerprint: Fingerprint,
    /// What the check asked of it.
    pub frame: FrameDigest,
    /// The check's own measurements on it, where a relative limit needs them.
    pub measured: Option<MeasuredBaseline>,
}

/// What data a baseline was computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The source.
    pub source: Name,
    /// The rows' times.
    pub span: Span,
    /// How many rows.
    pub rows: u64,
    /// What the source is known by without reading it; `None` where only its rows tell.
    pub identity: Option<String>,
    /// SHA-256 over the columns and over statistics of each, 64 hex digits.
    pub content: String,
}

/// What a frame said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FrameDigest {
    /// Its columns.
    pub fields: Vec<Field>,
    /// The column that windows are cut on.
    pub time_column: Option<String>,
    /// Its answers: edges, histograms, counts and statistics.
    pub answers: Vec<(Aggregate, Answer)>,
    /// How the values of columns are spread, for histograms whose edges no earlier tick has asked.
    #[serde(default)]
    pub spreads: Vec<(String, Spread)>,
    /// The frames of queries over it, by their SQL.
    pub queries: Vec<(String, Self)>,
    /// Scans that were short enough to be kept whole, by the columns read.
    pub scans: Vec<(Vec<String>, Vec<Vec<Column>>)>,
    /// Columns of scans that were too long to be kept.
    pub unkept: Vec<Vec<String>>,
}

/// How the numbers of a column are spread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Spread {
    /// Each value and how often it is there, ascending: any histogram follows exactly.
    Values(Vec<(f64, u64)>),
    /// Of a column with very many values: how many there are, and quantiles at equal shares from the least value to the
    /// greatest. A histogram's count is off by one such share at most.
    Quantiles(u64, Vec<f64>),
}

/// The check's own measurements on the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredBaseline {
    /// Digest of the plugin and the parameters they were measured with, 64 hex digits.
    pub with: String,
    /// Metric, labels and value.
    pub values: Vec<(String, Labels, f64)>,
}
