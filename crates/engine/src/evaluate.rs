//! Evaluate: open the window, run the check, judge what it measured. Nothing is acted on.

use std::{collections::BTreeMap, sync::Arc};

use watchkeeper_model::{Labels, Measurement, Monitor, Series, Threshold, Time, Verdict};

use crate::{
    Engine, EngineError, Evaluation, EvaluationDigests, SeriesVerdict, Window,
    ports::{
        checker::{CheckOutcome, CheckRequest},
        frame::{Aggregate, Answer, Frame, Span},
    },
};

/// What the check gave: measurements with the baseline's own, or why there are none.
enum Measured {
    Values(Vec<Measurement>, Arc<BTreeMap<Series, f64>>),
    NoData(String),
    Failed(String),
}

impl Engine {
    /// Evaluates one monitor at one tick and acts on nothing.
    pub async fn evaluate(&self, monitor: &str, at: Time) -> Result<Evaluation, EngineError> {
        let monitor = self.monitor(monitor)?;
        let started = self.ports.clock.now();
        let span = input_span(monitor, at);
        let mut window = Window { start: span.start, end: span.end, rows: None };
        let measured = self.measure(monitor, at, span, &mut window).await.unwrap_or_else(Measured::Failed);
        let plugin = self.ports.checker.digest(&monitor.check.plugin);
        let (verdict, series, error) = judge(monitor, measured);
        Ok(Evaluation {
            monitor: monitor.id.clone(),
            at,
            window,
            verdict,
            series,
            error,
            digests: EvaluationDigests { plugin, config: self.workspace.digests.config.clone() },
            elapsed_ms: (self.ports.clock.now() - started).num_milliseconds(),
        })
    }

    async fn measure(&self, monitor: &Monitor, at: Time, span: Span, window: &mut Window) -> Result<Measured, String> {
        let current = self.ports.sources.open(&monitor.input.source, span).await.map_err(|e| e.to_string())?;
        let rows = count(&*current).await?;
        window.rows = Some(rows);
        if rows < monitor.input.min_rows {
            let needed = monitor.input.min_rows;
            return Ok(Measured::NoData(format!("{rows} rows in the window, at least {needed} needed")));
        }
        let baseline = self.baseline(monitor, span).await?;
        let compared = baseline.as_ref().map(|baseline| Arc::clone(&baseline.frame));
        let values = match self.ports.checker.check(request(monitor, at, span, current, compared)).await {
            CheckOutcome::Measured(values) if values.is_empty() => {
                return Ok(Measured::NoData("the check measured nothing".to_owned()));
            }
            CheckOutcome::Measured(values) => values,
            CheckOutcome::NoData(reason) => return Ok(Measured::NoData(reason)),
            CheckOutcome::Failed(reason) => return Ok(Measured::Failed(reason)),
        };
        let reference = match baseline.filter(|_| monitor.thresholds.iter().any(Threshold::needs_baseline)) {
            Some(baseline) => self.baseline_values(monitor, at, span, &baseline).await?,
            None => Arc::default(),
        };
        Ok(Measured::Values(values, reference))
    }
}

/// The rows a tick sees: `[tick - delay - window, tick - delay)`, or the whole source.
fn input_span(monitor: &Monitor, at: Time) -> Span {
    let Some(window) = monitor.input.window else { return Span::default() };
    let end = at - monitor.input.delay;
    Span { start: Some(end - window), end: Some(end) }
}

pub(crate) fn request(
    monitor: &Monitor,
    at: Time,
    span: Span,
    current: Arc<dyn Frame>,
    baseline: Option<Arc<dyn Frame>>,
) -> CheckRequest {
    CheckRequest {
        monitor: monitor.id.clone(),
        plugin: monitor.check.plugin.clone(),
        scheduled_at: at,
        window: (span.start.unwrap_or(Time::UNIX_EPOCH), span.end.unwrap_or(at)),
        params: monitor.check.params.clone(),
        timeout: monitor.check.timeout,
        memory_bytes_max: monitor.check.memory_bytes_max,
        current,
        baseline,
    }
}

pub(crate) async fn count(frame: &dyn Frame) -> Result<u64, String> {
    match frame.aggregate(&[Aggregate::Rows]).await.map_err(|e| e.to_string())?[..] {
        [Answer::Count(rows)] => Ok(rows),
        _ => Err("the source did not answer how many rows it has".to_owned()),
    }
}

fn judge(monitor: &Monitor, measured: Measured) -> (Verdict, Vec<SeriesVerdict>, Option<String>) {
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

/// A check leaves out what it cannot compute; a threshold that waits for it must not pass for well.
fn missing(monitor: &Monitor, values: &[Measurement]) -> Vec<SeriesVerdict> {
    let measured = |threshold: &&Threshold| values.iter().any(|value| value.series.metric == threshold.metric);
    let missing = monitor.thresholds.iter().filter(|threshold| !measured(threshold));
    let series = missing.map(|threshold| SeriesVerdict {
        metric: threshold.metric.clone(),
        labels: Labels::new(),
        value: None,
        baseline: None,
        verdict: Verdict::NoData,
        detail: Some("the check did not measure it in this window".to_owned()),
        judged: None,
        limit: String::new(),
        excess: None,
    });
    series.collect()
}

/// Why a series has this verdict, from the first that has it.
pub(crate) fn reason_of(verdict: Verdict, series: &[SeriesVerdict]) -> Option<String> {
    let found = series.iter().find(|series| series.verdict == verdict)?;
    Some(format!("{}: {}", found.series(), found.detail.as_deref().unwrap_or("it cannot be judged")))
}

fn judge_one(monitor: &Monitor, measured: Measurement, reference: &BTreeMap<Series, f64>) -> SeriesVerdict {
    let Measurement { series, value, detail } = measured;
    let threshold = monitor.threshold_of(&series);
    let baseline = reference.get(&series).copied();
    let judged = threshold.map(|t| (t.judge(value, baseline), t.consecutive, t.recover));
    let verdict = judged.map_or(Verdict::Ok, |(judgement, _, _)| judgement.verdict);
    let unjudged = (verdict == Verdict::Error).then(|| "it has no value on the baseline to compare with".to_owned());
    let limit = threshold.and_then(|threshold| threshold.limit(verdict));
    SeriesVerdict {
        metric: series.metric,
        labels: series.labels,
        value: Some(value),
        baseline,
        verdict,
        detail: unjudged.or(detail),
        judged: judged.filter(|_| verdict != Verdict::Error),
        limit: limit.map(ToString::to_string).unwrap_or_default(),
        excess: limit.and_then(|limit| limit.excess(value, baseline)),
    }
}
