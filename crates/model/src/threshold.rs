//! Thresholds: how a measured value is judged. Stateless; streaks and hysteresis are the incident machine's.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{Excess, Series, Verdict};

/// The limits for one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The metric these limits judge; every series of it is judged by itself.
    pub metric: String,
    /// The label values of the series they judge; a label that is not named may have any value.
    #[serde(default)]
    pub labels: BTreeMap<String, BTreeSet<String>>,
    /// Past this, the series is in breach.
    pub breach: Option<Comparison>,
    /// Past this, the owner is warned.
    pub warn: Option<Comparison>,
    /// What counts as recovered; when absent, not being in breach.
    pub clear: Option<Comparison>,
    /// Breaches in a row before the incident opens; at least 1.
    pub consecutive: u32,
    /// Recoveries in a row before it resolves; at least 1.
    pub recover: u32,
}

/// One comparison of a value with a fixed limit or with its baseline. Fractions: 0.1 is 10 %. Numbers that differ by less
/// than a part in 10^12 are equal: what rounding adds is past no limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// value > limit
    Above(f64),
    /// value < limit
    Below(f64),
    /// value < low or value > high
    Outside(f64, f64),
    /// value = limit
    Equals(f64),
    /// value != limit
    NotEquals(f64),
    /// (value - baseline) / |baseline| > fraction; a fall never holds
    IncreaseOverBaseline(f64),
    /// (baseline - value) / |baseline| > fraction; a rise never holds
    DecreaseUnderBaseline(f64),
    /// |value - baseline| / |baseline| > fraction
    DeviationFromBaseline(f64),
    /// |value - expected| / |expected| > fraction
    DeviationFrom {
        /// The expected value.
        expected: f64,
        /// The fraction of it that is tolerated.
        by: f64,
    },
}

/// What one threshold says about one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// `Ok`, `Warn`, `Breach`, or `Error` when the value cannot be judged.
    pub verdict: Verdict,
    /// Whether an open breach may count this as a recovery.
    pub clears: bool,
}

impl Threshold {
    /// Judges one value; `baseline` is the same series measured on the baseline. A value that is not finite, or a
    /// relative limit without a baseline value, is an `Error`.
    pub fn judge(&self, value: f64, baseline: Option<f64>) -> Judgement {
        let holds = |comparison: &Option<Comparison>| match comparison {
            Some(comparison) => comparison.holds(value, baseline),
            None => Some(false),
        };
        let (Some(breach), Some(warn)) = (holds(&self.breach), holds(&self.warn)) else {
            return Judgement { verdict: Verdict::Error, clears: false };
        };
        let verdict = match (breach, warn) {
            (true, _) => Verdict::Breach,
            (false, true) => Verdict::Warn,
            (false, false) => Verdict::Ok,
        };
        let clears = !breach && self.clear.as_ref().is_none_or(|clear| clear.holds(value, baseline) == Some(true));
        Judgement { verdict, clears }
    }

    /// Whether these limits are for this series.
    pub fn covers(&self, series: &Series) -> bool {
        let named = |(label, values): (&String, &BTreeSet<String>)| {
            series.labels.get(label).is_some_and(|value| values.contains(value))
        };
        self.metric == series.metric && self.labels.iter().all(named)
    }

    /// Whether every series that `other` is for is one of these limits' as well.
    pub fn covers_all_of(&self, other: &Self) -> bool {
        let wider = |(label, values): (&String, &BTreeSet<String>)| {
            other.labels.get(label).is_some_and(|narrower| narrower.is_subset(values))
        };
        self.metric == other.metric && self.labels.iter().all(wider)
    }

    /// The limit that a verdict is about: `warn` for a warning, `breach` for everything else, or the one there is.
    pub fn limit(&self, verdict: Verdict) -> Option<&Comparison> {
        match verdict {
            Verdict::Warn => self.warn.as_ref(),
            _ => self.breach.as_ref().or(self.warn.as_ref()),
        }
    }

    /// Whether any limit needs the metric measured on the baseline.
    pub fn needs_baseline(&self) -> bool {
        [&self.breach, &self.warn, &self.clear].into_iter().flatten().any(Comparison::needs_baseline)
    }
}

impl Comparison {
    /// Whether this holds for every value for which the other does, as far as two of a kind can be compared.
    pub fn holds_wherever(&self, other: &Self) -> bool {
        use Comparison::{Above, Below, DecreaseUnderBaseline, DeviationFromBaseline, IncreaseOverBaseline, Outside};
        match (self, other) {
            (Above(ours), Above(theirs))
            | (IncreaseOverBaseline(ours), IncreaseOverBaseline(theirs))
            | (DecreaseUnderBaseline(ours), DecreaseUnderBaseline(theirs))
            | (DeviationFromBaseline(ours), DeviationFromBaseline(theirs)) => theirs >= ours,
            (Below(ours), Below(theirs)) => theirs <= ours,
            (Outside(low, high), Outside(lower, higher)) => lower <= low && higher >= high,
            _ => false,
        }
    }

    /// Whether this looks the same way as another: both up, or both down.
    pub fn looks_as(&self, other: &Self) -> bool {
        use Comparison::{Above, Below, DecreaseUnderBaseline, DeviationFromBaseline, IncreaseOverBaseline, Outside};
        matches!(
            (self, other),
            (Above(_), Above(_))
                | (Below(_), Below(_))
                | (Outside(..), Outside(..))
                | (IncreaseOverBaseline(_), IncreaseOverBaseline(_))
                | (DecreaseUnderBaseline(_), DecreaseUnderBaseline(_))
                | (DeviationFromBaseline(_), DeviationFromBaseline(_))
        )
    }

    /// Whether the comparison holds; `None` when it cannot be told.
    pub fn holds(&self, value: f64, baseline: Option<f64>) -> Option<bool> {
        if !value.is_finite() {
            return None;
        }
        if let Self::Equals(limit) = *self {
            return Some(!is_past(value, limit) && !is_past(limit, value));
        }
        let (low, high) = self.bounds(baseline)?;
        Some(is_past(low, value) || is_past(value, high))
    }

    /// The lowest and the highest value for which it does not hold, infinite where there is no such end; `None` for
    /// `Equals`, and for a relative limit without a baseline.
    pub fn bounds(&self, baseline: Option<f64>) -> Option<(f64, f64)> {
        let around = |reference: f64, fraction: f64| {
            let width = fraction * reference.abs();
            (reference - width, reference + width)
        };
        Some(match *self {
            Self::Above(limit) => (f64::NEG_INFINITY, limit),
            Self::Below(limit) => (limit, f64::INFINITY),
            Self::Outside(low, high) => (low, high),
            Self::Equals(_) => return None,
            Self::NotEquals(limit) => (limit, limit),
            Self::IncreaseOverBaseline(fraction) => (f64::NEG_INFINITY, around(baseline?, fraction).1),
            Self::DecreaseUnderBaseline(fraction) => (around(baseline?, fraction).0, f64::INFINITY),
            Self::DeviationFromBaseline(fraction) => around(baseline?, fraction),
            Self::DeviationFrom { expected, by } => around(expected, by),
        })
    }

    /// How far a value is past the limit; `None` when it is not.
    pub fn excess(&self, value: f64, baseline: Option<f64>) -> Option<Excess> {
        if self.holds(value, baseline) != Some(true) {
            return None;
        }
        let (low, high) = self.bounds(baseline)?;
        Some(if value < low { Excess::past(low, low - value) } else { Excess::past(high, value - high) })
    }

    /// Whether it compares with the baseline.
    pub fn needs_baseline(&self) -> bool {
        matches!(self, Self::IncreaseOverBaseline(_) | Self::DecreaseUnderBaseline(_) | Self::DeviationFromBaseline(_))
    }
}

/// What rounding may add to a number on its way: 0.7 and 10 % are 0.7700000000000000177…, and 0.77 is not past them.
const NOISE: f64 = 1e-12;

/// Whether a number is greater than another by more than noise, relative to the greater size of both.
fn is_past(number: f64, other: f64) -> bool {
    number > other && (other.is_infinite() || number - other > NOISE * number.abs().max(other.abs()))
}

impl fmt::Display for Comparison {
    /// As a message says it: `below 0.6`, `more than 10 % over the baseline`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |fraction: f64| (fraction * 1e8).round() / 1e6;
        match *self {
            Self::Above(limit) => write!(f, "above {limit}"),
            Self::Below(limit) => write!(f, "below {limit}"),
            Self::Outside(low, high) => write!(f, "outside {low} to {high}"),
            Self::Equals(limit) => write!(f, "equal to {limit}"),
            Self::NotEquals(limit) => write!(f, "not equal to {limit}"),
            Self::IncreaseOverBaseline(by) => write!(f, "more than {} % over the baseline", percent(by)),
            Self::DecreaseUnderBaseline(by) => write!(f, "more than {} % under the baseline", percent(by)),
            Self::DeviationFromBaseline(by) => write!(f, "more than {} % away from the baseline", percent(by)),
            Self::DeviationFrom { expected, by } => write!(f, "more than {} % away from {expected}", percent(by)),
        }
    }
}
