//! Judging: what was measured becomes one verdict a series, and one for the monitor.

use std::collections::BTreeMap;

use watchkeeper_model::{Counted, Judged, Labels, Measurement, Monitor, Series, Streaks, Subject, Threshold, Verdict};

use super::Measured;

/// The monitor's verdict, its series, and why something could not be measured or judged.
pub(super) fn judge(monitor: &Monitor, measured: Measured) -> (Verdict, Vec<Judged>, Option<String>) {
    match measured {
        Measured::NoData(reason) => (Verdict::NoData, Vec::new(), Some(reason)),
        Measured::Failed(reason) => (Verdict::Error, Vec::new(), Some(reason)),
        Measured::Values(values, reference) => {
            let missing = missing(monitor, &values);
            let measured = values.into_iter().map(|value| judge_one(monitor, value, &reference));
            let series: Vec<_> = measured.chain(missing).collect();
            let verdict = series.iter().map(|series| series.verdict).max().unwrap_or(Verdict::NoData);
            let error = [Verdict::Error, Verdict::NoData].iter().find_map(|verdict| reason_of(*verdict, &series));
            (verdict, series, error)
        }
    }
}

/// A check leaves out what it cannot compute; a threshold that waits for it must not pass for well. One that names label
/// values waits for each of them.
fn missing(monitor: &Monitor, values: &[Measurement]) -> Vec<Judged> {
    let waited_for = monitor.thresholds.iter().flat_map(|threshold| absent(threshold, values));
    waited_for
        .map(|series| Judged {
            subject: Subject::Series(series),
            value: None,
            baseline: None,
            verdict: Verdict::NoData,
            counted: None,
            limit: None,
            excess: None,
            detail: Some("the check did not measure it in this window".to_owned()),
        })
        .collect()
}

fn absent(threshold: &Threshold, values: &[Measurement]) -> Vec<Series> {
    let series = |labels: Labels| Series { metric: threshold.metric.clone(), labels };
    let covered: Vec<&Series> = values.iter().map(|value| &value.series).filter(|s| threshold.covers(s)).collect();
    if threshold.labels.is_empty() {
        return if covered.is_empty() { vec![series(Labels::new())] } else { Vec::new() };
    }
    let named = threshold.labels.iter().flat_map(|(label, values)| values.iter().map(move |value| (label, value)));
    let absent = named.filter(|(label, value)| !covered.iter().any(|series| series.labels.get(*label) == Some(*value)));
    absent.map(|(label, value)| series([(label.clone(), value.clone())].into())).collect()
}

/// Why a series has this verdict, from the first that has it.
pub(crate) fn reason_of(verdict: Verdict, series: &[Judged]) -> Option<String> {
    let found = series.iter().find(|series| series.verdict == verdict)?;
    Some(format!("{}: {}", found.subject, found.detail.as_deref().unwrap_or("it cannot be judged")))
}

fn judge_one(monitor: &Monitor, measured: Measurement, reference: &BTreeMap<Series, f64>) -> Judged {
    let Measurement { series, value, detail } = measured;
    let threshold = monitor.threshold_of(&series);
    let baseline = reference.get(&series).copied();
    let counted = threshold.map(|threshold| Counted {
        judgement: threshold.judge(value, baseline),
        streaks: Streaks { consecutive: threshold.consecutive, recover: threshold.recover },
    });
    let verdict = counted.map_or(Verdict::Ok, |counted| counted.judgement.verdict);
    let unjudged = (verdict == Verdict::Error).then(|| "it has no value on the baseline to compare with".to_owned());
    let limit = threshold.and_then(|threshold| threshold.limit(verdict));
    Judged {
        subject: Subject::Series(series),
        value: Some(value),
        baseline,
        verdict,
        counted: counted.filter(|_| verdict != Verdict::Error),
        excess: limit.and_then(|limit| limit.excess(value, baseline)),
        limit: limit.cloned(),
        detail: unjudged.or(detail),
    }
}
