//! What one evaluation of a monitor found; its JSON is what `check --json` prints.

use chrono::SecondsFormat;
use serde::{Serialize, Serializer};
use watchkeeper_model::{Judged, Labels, Name, Series, Subject, Time, TrendPoint, Verdict};

/// One evaluation of a monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The monitor.
    pub monitor: Name,
    /// The tick.
    #[serde(serialize_with = "rfc3339")]
    pub at: Time,
    /// The rows it saw.
    pub window: Window,
    /// The worst verdict of its series.
    pub verdict: Verdict,
    /// Every series measured, in the order measured.
    #[serde(serialize_with = "as_printed")]
    pub series: Vec<Judged>,
    /// Why something could not be measured or judged: the reason of a `no_data` or an `error`.
    pub error: Option<String>,
    /// What was computed with.
    pub digests: EvaluationDigests,
    /// How long it took, in milliseconds.
    pub elapsed_ms: i64,
    /// The last lines that its check logged, each after its level.
    pub log: Vec<String>,
}

/// The rows a check saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Window {
    /// First instant included; absent for a whole source.
    #[serde(serialize_with = "rfc3339_option")]
    pub start: Option<Time>,
    /// First instant left out; absent for a whole source.
    #[serde(serialize_with = "rfc3339_option")]
    pub end: Option<Time>,
    /// How many; absent when they could not be counted.
    pub rows: Option<u64>,
}

/// Digests of what was computed with, 64 hex digits each.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluationDigests {
    /// Of the plugin's component; absent when it could not be loaded.
    pub plugin: Option<String>,
    /// Of the configuration.
    pub config: String,
}

impl Evaluation {
    /// One series of it as a point over time; without a value when this tick did not measure it.
    pub fn point(&self, series: &Series) -> TrendPoint {
        let found = self.series.iter().find(|found| found.subject.series() == Some(series));
        TrendPoint {
            at: self.at,
            value: found.and_then(|found| found.value).filter(|value| value.is_finite()),
            baseline: found.and_then(|found| found.baseline),
            verdict: found.map_or_else(|| unmeasured(self.verdict), |found| found.verdict),
        }
    }
}

/// The verdict on a series that a tick did not measure: another series' verdict is not its own.
pub(crate) fn unmeasured(tick: Verdict) -> Verdict {
    if tick == Verdict::Error { Verdict::Error } else { Verdict::NoData }
}

/// One series as `check --json` prints it.
#[derive(Serialize)]
struct Printed<'a> {
    metric: &'a str,
    labels: &'a Labels,
    value: Option<f64>,
    baseline: Option<f64>,
    verdict: Verdict,
    detail: Option<&'a str>,
}

fn as_printed<S: Serializer>(series: &[Judged], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(series.iter().filter_map(|judged| match &judged.subject {
        Subject::Series(Series { metric, labels }) => Some(Printed {
            metric,
            labels,
            value: judged.value,
            baseline: judged.baseline,
            verdict: judged.verdict,
            detail: judged.detail.as_deref(),
        }),
        Subject::Unmeasured(_) => None,
    }))
}

fn rfc3339<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

fn rfc3339_option<S: Serializer>(time: &Option<Time>, to: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => rfc3339(time, to),
        None => to.serialize_none(),
    }
}
