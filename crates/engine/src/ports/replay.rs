//! What is kept of a run that did not end well, so that it can be run again as it was.

use serde::{Deserialize, Serialize};
use watchkeeper_model::{Labels, Name, Time};

use super::baseline::FrameDigest;

/// A run of a check, as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptRun {
    /// The monitor.
    pub monitor: Name,
    /// The tick.
    pub at: Time,
    /// A standard check's name, a pinned one's, or a component's path.
    pub plugin: String,
    /// SHA-256 of the component, 64 hex digits; `None` when it could not be loaded.
    pub component: Option<String>,
    /// The parameters as a JSON object.
    pub params: String,
    /// The window's ends, as the check was told them.
    pub window: (Time, Time),
    /// The check's deadline, in milliseconds.
    pub timeout_ms: u64,
    /// The check's memory limit, in bytes.
    pub memory_bytes: u64,
    /// What the rows of the window answered.
    pub current: FrameDigest,
    /// What the rows to compare with answered.
    pub baseline: Option<FrameDigest>,
    /// The earlier points that were asked for.
    pub history: Vec<AskedPoints>,
    /// How it ended.
    pub ended: Ended,
}

/// Points of a series that a check asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedPoints {
    /// The series' metric.
    pub metric: String,
    /// The series' labels.
    pub labels: Labels,
    /// How many were asked for.
    pub most: u64,
    /// Those that were given, newest first.
    pub points: Vec<(Time, f64)>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Ended {
    /// With measurements: metric, labels, value.
    Measured(Vec<(String, Labels, f64)>),
    /// With nothing to measure, and why.
    NoData(String),
    /// With an error.
    Failed(String),
}
