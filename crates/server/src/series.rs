//! Series of a monitor over time, from what its ticks recorded.

use watchkeeper_engine::ports::store::PastTick;
use watchkeeper_model::{Monitor, Series, Trend, TrendPoint, Verdict};

/// One series over these ticks, with the limits it is judged against now. A tick that measured others and not this one
/// has no data of it.
pub(crate) fn trend(monitor: Option<&Monitor>, series: &Series, ticks: &[PastTick]) -> Trend {
    let threshold = monitor.and_then(|monitor| monitor.threshold_of(series));
    let points = ticks.iter().map(|tick| {
        let found = tick.series.iter().find(|past| past.series == *series);
        let unmeasured = if tick.verdict == Verdict::Error { Verdict::Error } else { Verdict::NoData };
        TrendPoint {
            at: tick.at,
            value: found.and_then(|past| past.value),
            baseline: found.and_then(|past| past.baseline),
            verdict: found.map_or(unmeasured, |past| past.verdict),
        }
    });
    Trend {
        series: series.clone(),
        breach: threshold.and_then(|threshold| threshold.breach.clone()),
        warn: threshold.and_then(|threshold| threshold.warn.clone()),
        points: points.collect(),
    }
}
