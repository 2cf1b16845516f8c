//! Evaluate: open the window, run the check, judge what it measured, all within one deadline. Nothing is acted on.

mod earlier;
mod judge;

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::FutureExt;
use tokio::sync::Semaphore;
use watchkeeper_model::{Baseline, Measurement, Monitor, Name, Series, Threshold, Time, Verdict};

pub use self::earlier::Rehearsed;
pub(crate) use self::{earlier::Recorded, judge::reason_of};
use crate::{
    baseline::{Baselines, OpenBaseline, at_tick},
    evaluation::{Evaluation, EvaluationDigests, Window},
    kept_run::{Heard, Recorder},
    ports::{
        checker::{CheckLog, CheckOutcome, CheckRequest, Checker},
        clock::Clock,
        frame::{Field, FieldKind, Frame, FrameError, FrameFault, Moment, Sources, Span},
        history::{History, NoHistory},
        replay::KeptRun,
        store::Store,
    },
    reads::{CountedFrame, Reading, Reads, Turn},
};

/// What the deadline leaves a check to say for itself why it did not end in time.
const GRACE: Duration = Duration::from_secs(1);

/// How often a tick tries to read its data.
const TRIES_MAX: u32 = 3;
/// What it waits after the first try; after the second one twice as long.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// Evaluates monitors.
pub(crate) struct Evaluator {
    /// The configuration's digest.
    pub(crate) config: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sources: Arc<dyn Sources>,
    pub(crate) checker: Arc<dyn Checker>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) baselines: Arc<Baselines>,
    pub(crate) reads: Arc<Reads>,
    /// Bounds the checks that compute at once.
    pub(crate) turns: Arc<Semaphore>,
}

/// What the check gave: measurements with the baseline's own, or why there are none.
enum Measured {
    Values(Vec<Measurement>, Arc<BTreeMap<Series, f64>>),
    NoData(String),
    Failed(String),
}

/// One evaluation under way.
struct UnderWay<'a> {
    monitor: &'a Monitor,
    at: Time,
    span: Span,
    /// The rows counted so far.
    rows: Mutex<Option<u64>>,
    /// What it is doing, as its deadline says it.
    doing: Mutex<String>,
    log: Arc<CheckLog>,
    history: Arc<dyn History>,
    /// What was heard of the check's last run.
    heard: Mutex<Option<Heard>>,
}

/// A look at the sources that ends with its evaluation, whatever is still reading.
struct OneMoment(Arc<dyn Moment>);

impl Drop for OneMoment {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Evaluator {
    /// Evaluates one monitor at one tick, after what the store has of it; gives the run of its check too, where it did not
    /// end well and can be run again.
    pub(crate) async fn evaluate(&self, monitor: &Monitor, at: Time) -> (Evaluation, Option<KeptRun>) {
        let recorded = Recorded { store: Arc::clone(&self.store), monitor: monitor.id.clone(), before: at };
        self.evaluate_after(monitor, at, Arc::new(recorded)).await
    }

    /// Evaluates one monitor at one tick and acts on nothing. It ends at its deadline, whatever its data does.
    pub(crate) async fn evaluate_after(
        &self,
        monitor: &Monitor,
        at: Time,
        history: Arc<dyn History>,
    ) -> (Evaluation, Option<KeptRun>) {
        let started = self.clock.now();
        let span = input_span(monitor, at);
        let under_way = UnderWay {
            monitor,
            at,
            span,
            rows: Mutex::default(),
            doing: Mutex::new("waiting".to_owned()),
            log: Arc::default(),
            history,
            heard: Mutex::default(),
        };
        let limit = monitor.check.timeout;
        // A panic is this monitor's error, recorded and told; a tick that ended in nothing would leave the last verdict
        // standing.
        let measuring = AssertUnwindSafe(self.measure(&under_way)).catch_unwind();
        let measured = match tokio::time::timeout(limit.saturating_add(GRACE), measuring).await {
            Ok(Ok(measured)) => measured,
            Ok(Err(_)) => Measured::Failed(under_way.panicked()),
            Err(_) => Measured::Failed(self.too_late(&under_way)),
        };
        let plugin = self.checker.digest(&monitor.check.plugin);
        let (verdict, series, error) = judge::judge(monitor, measured);
        let rows = *under_way.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let evaluation = Evaluation {
            monitor: monitor.id.clone(),
            at,
            window: Window { start: span.start, end: span.end, rows },
            verdict,
            series,
            error,
            digests: EvaluationDigests { plugin, config: self.config.clone() },
            elapsed_ms: (self.clock.now() - started).num_milliseconds(),
            log: under_way.log.lines(),
        };
        let heard = under_way.heard.into_inner().unwrap_or_else(PoisonError::into_inner);
        let kept = heard.filter(|_| verdict != Verdict::Ok).and_then(Heard::kept);
        (evaluation, kept)
    }

    /// Measures in one state of the data; where that cannot be read just now, or moved meanwhile, once more a moment later.
    async fn measure(&self, under_way: &UnderWay<'_>) -> Measured {
        let mut tries = 1;
        loop {
            let moment = OneMoment(self.sources.moment());
            match self.measure_at(under_way, &moment.0).await {
                Ok(measured) => return measured,
                Err(error) if error.may_pass() && tries < TRIES_MAX => {}
                Err(error) => return Measured::Failed(error.to_string()),
            }
            drop(moment);
            under_way.now(format!("waiting to read the source `{}` again", under_way.monitor.input.source));
            tokio::time::sleep(BETWEEN_TRIES * tries).await;
            tries += 1;
        }
    }

    async fn measure_at(&self, under_way: &UnderWay<'_>, moment: &Arc<dyn Moment>) -> Result<Measured, FrameError> {
        let UnderWay { monitor, span, .. } = *under_way;
        let source = &monitor.input.source;
        let reading = self.reads.of(source);
        under_way.now(format!("opening the source `{source}`"));
        let current = open(&reading, moment, source, span).await?;
        let of_baseline = self.reads.of(baseline_source(monitor));
        under_way.now(format!("opening the baseline, the source `{}`", baseline_source(monitor)));
        let baseline = self.open_baseline(&of_baseline, moment, monitor, span).await?;
        let measured = self.run_check(under_way, &reading, &current, baseline.zip(Some(of_baseline))).await;
        // Most databases have counted the rows on the way.
        under_way.now(format!("counting the rows of the source `{source}`"));
        let (counted, needed) = (Arc::clone(&current), monitor.input.min_rows);
        let counted = reading.run(async move { counted.count_to(needed).await }).await;
        let (measured, counted) = match (measured?, counted) {
            (measured, Ok(counted)) => (measured, counted),
            // What the check says of data that cannot be read says more.
            (failed @ Measured::Failed(_), Err(error)) if !error.may_pass() => return Ok(failed),
            (_, Err(error)) => return Err(error),
        };
        under_way.now(format!("looking whether the source `{source}` is what it was"));
        let unmoved = Arc::clone(moment);
        reading.run(async move { unmoved.unmoved().await }).await?;
        *under_way.rows.lock().unwrap_or_else(PoisonError::into_inner) = counted.rows;
        if counted.enough {
            return Ok(measured);
        }
        let rows = counted.rows.map_or_else(|| "too few".to_owned(), |rows| rows.to_string());
        Ok(Measured::NoData(format!("{rows} rows in the window, at least {needed} needed")))
    }

    async fn run_check(
        &self,
        under_way: &UnderWay<'_>,
        reading: &Reading,
        current: &Arc<dyn Frame>,
        baseline: Option<(OpenBaseline, Reading)>,
    ) -> Result<Measured, FrameError> {
        let UnderWay { monitor, at, span, .. } = *under_way;
        under_way.now("waiting for its turn".to_owned());
        // Room first: a check that waits for its turn holds none that others need to finish.
        let _room = reading.room().await?;
        let turn = Turn::take(&self.turns).await;
        let counted = |inner: &Arc<dyn Frame>, reading: &Reading| -> Arc<dyn Frame> {
            let (inner, reading, turn) = (Arc::clone(inner), reading.clone(), Arc::clone(&turn));
            Arc::new(CountedFrame { inner, reading, turn })
        };
        let rows = Arc::clone(current);
        let current = counted(current, reading);
        let compared = baseline.as_ref().map(|(baseline, reading)| counted(&baseline.frame, reading));
        under_way.now("running the check".to_owned());
        let history = Arc::clone(&under_way.history);
        let request = CheckRequest::of(monitor, at, span, &under_way.log, current, compared.clone(), history);
        let (request, recorder) = Recorder::of(request);
        let outcome = self.checker.check(request).await;
        let heard = Heard { recorder, outcome: outcome.clone(), component: self.checker.digest(&monitor.check.plugin) };
        *under_way.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
        let values = match outcome {
            CheckOutcome::Measured(values) if values.is_empty() => {
                return Ok(Measured::NoData("the check measured nothing".to_owned()));
            }
            CheckOutcome::Measured(values) => values,
            CheckOutcome::NoData(reason) => return Ok(Measured::NoData(reason)),
            CheckOutcome::Failed(reason) => return Ok(Measured::Failed(with_remark(reading, rows, reason).await)),
            CheckOutcome::Unread(reason) => return Err(FrameError::new(FrameFault::Unreachable, reason)),
        };
        let needed = monitor.thresholds.iter().any(Threshold::needs_baseline);
        let reference = match baseline.zip(compared).filter(|_| needed) {
            Some(((baseline, _), frame)) => {
                under_way.now("running the check on the baseline".to_owned());
                let request = CheckRequest::of(monitor, at, span, &under_way.log, frame, None, Arc::new(NoHistory));
                match self.baselines.values(monitor, &baseline, request).await {
                    Ok(values) => values,
                    Err(reason) => return Ok(Measured::Failed(reason)),
                }
            }
            None => Arc::default(),
        };
        Ok(Measured::Values(values, reference))
    }

    async fn open_baseline(
        &self,
        reading: &Reading,
        moment: &Arc<dyn Moment>,
        monitor: &Monitor,
        span: Span,
    ) -> Result<Option<OpenBaseline>, FrameError> {
        if monitor.baseline.is_none() {
            return Ok(None);
        }
        let (baselines, moment, monitor) = (Arc::clone(&self.baselines), Arc::clone(moment), monitor.clone());
        reading.run(async move { baselines.open(&*moment, &monitor, span).await }).await
    }

    /// Freezes a fixed baseline after a tick that was judged with it, unless it is frozen. The tick is recorded already:
    /// what goes wrong here is tried again by the next one.
    pub(crate) async fn freeze_after(&self, monitor: &Monitor, evaluation: &Evaluation) {
        if monitor.baseline.is_none() {
            return;
        }
        let (baselines, monitor) = (Arc::clone(&self.baselines), monitor.clone());
        let (limit, verdict, id) = (monitor.check.timeout, evaluation.verdict, monitor.id.clone());
        let reading = self.reads.of(baseline_source(&monitor));
        let freezing = reading.run(async move { baselines.freeze_after(&monitor, verdict).await });
        match tokio::time::timeout(limit, freezing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(monitor = %id, %error, "the baseline cannot be frozen"),
            Err(_) => tracing::warn!(monitor = %id, "the baseline cannot be frozen: its data does not answer"),
        }
    }

    fn too_late(&self, under_way: &UnderWay<'_>) -> String {
        let limit = under_way.monitor.check.timeout;
        let doing = under_way.doing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let reads = self.reads.of(&under_way.monitor.input.source).under_way();
        let reads =
            if reads > 0 { format!(" (reads of its source that have not ended: {reads})") } else { String::new() };
        format!(
            "ran past its deadline of {limit:?} while {doing}{reads}; look at the source, or raise the check's `timeout`"
        )
    }
}

impl UnderWay<'_> {
    fn panicked(&self) -> String {
        let doing = self.doing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        format!("failed by a mistake in Watchkeeper while {doing}; the log says more")
    }

    fn now(&self, doing: String) {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }
}

/// A reason, and where it speaks of a column of texts, what there is to say of that.
async fn with_remark(reading: &Reading, rows: Arc<dyn Frame>, reason: String) -> String {
    let spoken_of = |field: &&Field| {
        field.kind == FieldKind::Text && reason.contains(&format!("column \"{}\" is text", field.name))
    };
    let Some(column) = rows.fields().iter().find(spoken_of).map(|field| field.name.clone()) else { return reason };
    match reading.run(async move { Ok(rows.remark(&column).await) }).await {
        Ok(Some(remark)) => format!("{reason}; {remark}"),
        _ => reason,
    }
}

async fn open(
    reading: &Reading,
    moment: &Arc<dyn Moment>,
    source: &Name,
    span: Span,
) -> Result<Arc<dyn Frame>, FrameError> {
    let (moment, source) = (Arc::clone(moment), source.clone());
    reading.run(async move { moment.open(&source, span).await }).await
}

/// The source that a monitor's baseline is read from.
fn baseline_source(monitor: &Monitor) -> &Name {
    match &monitor.baseline {
        Some(Baseline::Whole { source } | Baseline::Range { source, .. }) => source,
        Some(Baseline::Offset(_)) | None => &monitor.input.source,
    }
}

/// What a monitor reads at a tick: its rows' times in its source, and its baseline's source with the times there.
pub fn spans(monitor: &Monitor, at: Time) -> (Span, Option<(&Name, Span)>) {
    let span = input_span(monitor, at);
    (span, at_tick(monitor, span))
}

/// The rows a tick sees: those of the window before `tick - delay`, or the whole source. Days are the schedule's.
fn input_span(monitor: &Monitor, at: Time) -> Span {
    let Some(window) = monitor.input.window else { return Span::default() };
    let end = at - monitor.input.delay;
    let (start, end) = monitor.schedule.window(end, window);
    Span { start: Some(start), end: Some(end) }
}
