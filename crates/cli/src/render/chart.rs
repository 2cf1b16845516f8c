//! A backtest as a chart: which series are drawn, and in which order.

use std::collections::BTreeSet;

use watchkeeper_chart::Panel;
use watchkeeper_engine::Evaluation;
use watchkeeper_model::{Monitor, Series, Trend, Verdict};

/// The panels of monitors and their evaluations, oldest first. Series with a threshold are drawn, or all when none has
/// one; those with the most breaches come first.
pub(crate) fn panels(found: &[(&Monitor, Vec<Evaluation>)]) -> Vec<Panel> {
    let mut panels: Vec<Panel> = found.iter().flat_map(|(monitor, ticks)| of_monitor(monitor, ticks)).collect();
    let count = |panel: &Panel, verdict: Verdict| panel.trend.points.iter().filter(|p| p.verdict == verdict).count();
    panels.sort_by_key(|panel| {
        let bad = [Verdict::Breach, Verdict::Error, Verdict::Warn].map(|verdict| count(panel, verdict));
        std::cmp::Reverse(bad)
    });
    panels
}

fn of_monitor(monitor: &Monitor, ticks: &[Evaluation]) -> Vec<Panel> {
    let measured = ticks.iter().flat_map(|tick| tick.series.iter().filter_map(|found| found.subject.series()));
    let mut series: Vec<Series> = measured.cloned().collect::<BTreeSet<_>>().into_iter().collect();
    if series.iter().any(|series| monitor.threshold_of(series).is_some()) {
        series.retain(|series| monitor.threshold_of(series).is_some());
    }
    series.into_iter().map(|series| panel(monitor, ticks, series)).collect()
}

fn panel(monitor: &Monitor, ticks: &[Evaluation], series: Series) -> Panel {
    let threshold = monitor.threshold_of(&series);
    Panel {
        title: format!("{}: {series}", monitor.id),
        trend: Trend {
            breach: threshold.and_then(|threshold| threshold.breach.clone()),
            warn: threshold.and_then(|threshold| threshold.warn.clone()),
            points: ticks.iter().map(|tick| tick.point(&series)).collect(),
            series,
        },
    }
}
