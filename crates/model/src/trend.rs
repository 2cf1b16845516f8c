//! How one series went over the last ticks: what charts are drawn from.

use serde::{Deserialize, Serialize};

use crate::{Comparison, Series, Time, Verdict};

/// One series over time, with the limits it is judged against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Which number.
    pub series: Series,
    /// Past this it is in breach.
    pub breach: Option<Comparison>,
    /// Past this the owner is warned.
    pub warn: Option<Comparison>,
    /// Its ticks, oldest first.
    pub points: Vec<TrendPoint>,
}

/// One tick of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrendPoint {
    /// The tick.
    pub at: Time,
    /// What was measured; absent when nothing was.
    pub value: Option<f64>,
    /// The same series on the baseline, where a relative limit needs it.
    pub baseline: Option<f64>,
    /// The verdict on it; on the whole tick when nothing was measured.
    pub verdict: Verdict,
}
