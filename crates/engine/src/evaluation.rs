//! What one evaluation of a monitor found; its JSON is what `check --json` prints.

use chrono::SecondsFormat;
use serde::{Serialize, Serializer};
use watchkeeper_model::{Excess, Judgement, Labels, Name, Series, SeriesReport, Time, TrendPoint, Verdict};

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
    pub series: Vec<SeriesVerdict>,
    /// Why something could not be measured or judged: the reason of a `no_data` or an `error`.
    pub error: Option<String>,
    /// What was computed with.
    pub digests: EvaluationDigests,
    /// How long it took, in milliseconds.
    pub elapsed_ms: i64,
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

/// One series, measured and judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesVerdict {
    /// The metric.
    pub metric: String,
    /// Its labels.
    pub labels: Labels,
    /// Its value; absent for a threshold's metric that the check did not measure.
    pub value: Option<f64>,
    /// The same series on the baseline, where a relative limit needs it.
    pub baseline: Option<f64>,
    /// The verdict; `ok` without a threshold.
    pub verdict: Verdict,
    /// What the check says of it.
    pub detail: Option<String>,
    /// Its threshold's judgement, `consecutive` and `recover`; absent where nothing can be judged.
    #[serde(skip)]
    pub judged: Option<(Judgement, u32, u32)>,
    /// The limit as people read it; empty without a threshold.
    #[serde(skip)]
    pub limit: String,
    /// How far it is past that limit; absent when it is not.
    #[serde(skip)]
    pub excess: Option<Excess>,
}

impl Evaluation {
    /// One series of it as a point over time; without a value when this tick did not measure it.
    pub fn point(&self, series: &Series) -> TrendPoint {
        let found = self.series.iter().find(|found| found.metric == series.metric && found.labels == series.labels);
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

impl SeriesVerdict {
    /// Which number this is.
    pub fn series(&self) -> Series {
        Series { metric: self.metric.clone(), labels: self.labels.clone() }
    }

    /// As people are told.
    pub fn report(&self) -> SeriesReport {
        SeriesReport {
            series: self.series(),
            value: self.value,
            baseline: self.baseline,
            verdict: self.verdict,
            limit: self.limit.clone(),
            excess: self.excess,
            detail: self.detail.clone(),
        }
    }
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
