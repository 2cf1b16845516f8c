//! Trend: how the worst series went over the last ticks, added to what people are told.

use watchkeeper_model::{Facts, Monitor, Series, Threshold, Trend, TrendPoint};

use crate::{
    evaluation::{Evaluation, unmeasured},
    ports::store::{CheckRecord, PastTick},
};

/// So many earlier ticks are shown; more do not fit into a small chart.
pub(crate) const TICKS_MAX: u32 = 60;

/// Whether a record says anything to people.
pub(crate) fn is_told(record: &CheckRecord) -> bool {
    !record.steps.is_empty() || !record.messages.is_empty()
}

/// Adds the recent ticks of the worst series to every message and planned step of a record.
pub(crate) fn add(monitor: &Monitor, evaluation: &Evaluation, past: &[PastTick], record: &mut CheckRecord) {
    let add = |facts: &mut Facts| {
        let series = facts.worst().and_then(|worst| worst.subject.series());
        facts.trend = series.and_then(|series| trend(monitor, series, past, evaluation));
    };
    record.steps.iter_mut().for_each(|step| add(&mut step.facts));
    record.messages.iter_mut().for_each(|message| add(&mut message.message.facts));
}

/// One series over the past ticks and this one; `None` when fewer than two of them measured it.
fn trend(monitor: &Monitor, series: &Series, past: &[PastTick], now: &Evaluation) -> Option<Trend> {
    let mut points: Vec<TrendPoint> = past.iter().map(|tick| earlier(series, tick)).collect();
    points.push(now.point(series));
    if points.iter().filter(|point| point.value.is_some()).count() < 2 {
        return None;
    }
    let threshold: Option<&Threshold> = monitor.threshold_of(series);
    Some(Trend {
        series: series.clone(),
        breach: threshold.and_then(|threshold| threshold.breach.clone()),
        warn: threshold.and_then(|threshold| threshold.warn.clone()),
        points,
    })
}

fn earlier(series: &Series, tick: &PastTick) -> TrendPoint {
    let found = tick.series.iter().find(|past| past.series == *series);
    TrendPoint {
        at: tick.at,
        value: found.and_then(|past| past.value),
        baseline: found.and_then(|past| past.baseline),
        verdict: found.map_or_else(|| unmeasured(tick.verdict), |past| past.verdict),
    }
}
