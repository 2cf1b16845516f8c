//! Frozen baselines under the engine, on the real store: what is read again, what is not, and what is said when the
//! data has moved.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

mod common;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use watchkeeper_engine::{
    BaselineError, BaselineState, Engine, Evaluation, Ports, SimulatedClock,
    ports::{
        checker::{CheckOutcome, CheckRequest, Checker, Manual},
        frame::{
            Aggregate, Answer, Column, Field, FieldKind, Frame, FrameError, FrameFault, Moment, Scan, Sources, Span,
            Values,
        },
        memory::Memory,
        store::Store as _,
    },
};
use watchkeeper_model::{
    Action, Baseline, Comparison, GateAction, GateState, Labels, Measurement, Monitor, Name, Series, Verdict,
};
use watchkeeper_store::SqlStore;
use watchkeeper_testkit::{RecordingNotifier, ScriptedActions, monitor, runbook, time, workspace};

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// One column `x`; the source `training` can be changed, and counts how often it is opened.
#[derive(Clone, Default)]
struct Data {
    training: Arc<Mutex<Vec<f64>>>,
    opened: Arc<AtomicUsize>,
}

impl Data {
    fn set(&self, values: impl IntoIterator<Item = f64>) {
        *self.training.lock().expect("no test panics here") = values.into_iter().collect();
    }

    fn values(&self) -> Vec<f64> {
        self.training.lock().expect("no test panics here").clone()
    }
}

#[async_trait]
impl Moment for Data {
    async fn open(&self, source: &Name, _span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        if source.as_str() != "training" {
            return Ok(Arc::new(Numbers::new(vec![0.0])));
        }
        self.opened.fetch_add(1, Ordering::Relaxed);
        let values = self.values();
        if values.is_empty() {
            Err(FrameError::new(FrameFault::Missing, "there is no file"))
        } else {
            Ok(Arc::new(Numbers::new(values)))
        }
    }
}

#[async_trait]
impl Sources for Data {
    fn moment(&self) -> Arc<dyn Moment> {
        Arc::new(self.clone())
    }

    async fn identity(&self, _source: &Name) -> Result<Option<String>, FrameError> {
        Ok(Some(format!("{:?}", self.values())))
    }
}

/// A frame of numbers.
struct Numbers(Vec<f64>, [Field; 1]);

impl Numbers {
    fn new(values: Vec<f64>) -> Self {
        let (name, data_type) = ("x".to_owned(), "Float64".to_owned());
        Self(values, [Field { name, kind: FieldKind::Number, data_type, nullable: false }])
    }
}

#[async_trait]
impl Frame for Numbers {
    fn fields(&self) -> &[Field] {
        &self.1
    }

    fn time_column(&self) -> Option<&str> {
        None
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        let values = &self.0;
        let answer = |ask: &Aggregate| match ask {
            Aggregate::Rows => Ok(Answer::Count(values.len() as u64)),
            Aggregate::Nulls(_) => Ok(Answer::Count(0)),
            Aggregate::Minimum(_) => Ok(Answer::Number(values.iter().copied().reduce(f64::min))),
            Aggregate::Maximum(_) => Ok(Answer::Number(values.iter().copied().reduce(f64::max))),
            Aggregate::Mean(_) => Ok(Answer::Number(Some(values.iter().sum::<f64>() / values.len() as f64))),
            other => Err(FrameError::new(FrameFault::Missing, format!("{other:?} is not asked here"))),
        };
        asks.iter().map(answer).collect()
    }

    async fn query_in(&self, sql: &str, _memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        assert_eq!(sql, "half");
        Ok(Arc::new(Self::new(self.0.iter().map(|value| value / 2.0).collect())))
    }

    async fn scan(&self, _columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        Ok(Box::new(Chunks(self.0.chunks(65_536).map(<[f64]>::to_vec).collect())))
    }
}

struct Chunks(VecDeque<Vec<f64>>);

#[async_trait]
impl Scan for Chunks {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        let chunk = self.0.pop_front();
        Ok(chunk.map(|values| vec![Column { values: Values::Numbers(values), validity: None }]))
    }
}

/// What the check asks of its baseline, or of its rows where it has none.
#[derive(Clone, Copy)]
enum Asks {
    Mean,
    MeanOfQuery,
    Rows,
}

/// A check whose one measurement is the mean.
struct MeanCheck(Asks);

async fn mean(frame: &dyn Frame, asks: Asks) -> Result<f64, FrameError> {
    match asks {
        Asks::Mean => match frame.aggregate(&[Aggregate::Mean("x".to_owned())]).await?[..] {
            [Answer::Number(Some(mean))] => Ok(mean),
            _ => Err(FrameError::new(FrameFault::Missing, "no mean")),
        },
        Asks::MeanOfQuery => Box::pin(mean(&*frame.query("half").await?, Asks::Mean)).await,
        Asks::Rows => {
            let (mut sum, mut rows, mut scan) = (0.0, 0.0, frame.scan(&["x".to_owned()]).await?);
            while let Some(chunk) = scan.next().await? {
                if let Values::Numbers(values) = &chunk[0].values {
                    sum += values.iter().sum::<f64>();
                    rows += values.len() as f64;
                }
            }
            Ok(sum / rows)
        }
    }
}

#[async_trait]
impl Checker for MeanCheck {
    async fn check(&self, request: CheckRequest) -> CheckOutcome {
        let frame = request.baseline.unwrap_or(request.current);
        let series = Series { metric: "mean".to_owned(), labels: Labels::new() };
        match mean(&*frame, self.0).await {
            Ok(value) => CheckOutcome::Measured(vec![Measurement { series, value, detail: None }]),
            Err(error) => CheckOutcome::Failed(error.message),
        }
    }

    async fn manual(&self, plugin: &str) -> Result<Manual, String> {
        Err(format!("{plugin} has no manual"))
    }

    fn digest(&self, _plugin: &str) -> Option<String> {
        None
    }
}

/// An engine whose monitor compares with `training`.
struct Stage {
    data: Arc<Data>,
    store: Arc<SqlStore>,
    engine: Engine,
}

impl Stage {
    async fn new(asks: Asks, values: impl IntoIterator<Item = f64>, change: impl FnOnce(&mut Monitor)) -> Self {
        let mut watched = monitor();
        watched.baseline = Some(Baseline::Whole { source: name("training") });
        watched.thresholds[0].metric = "mean".to_owned();
        change(&mut watched);
        let pause = Action::Gate(GateAction { gate: name("loan-decisions"), state: GateState::Paused });
        let data = Arc::new(Data::default());
        data.set(values);
        let store = Arc::new(common::store().await);
        let ports = Ports {
            clock: Arc::new(SimulatedClock::at(time("2026-03-01T00:00:00Z"))),
            store: store.clone(),
            sources: data.clone(),
            checker: Arc::new(MeanCheck(asks)),
            actions: Arc::new(ScriptedActions::default()),
            notifier: Arc::new(RecordingNotifier::default()),
        };
        Self { data, store, engine: Engine::new(workspace(watched, runbook(pause)), ports) }
    }

    async fn check(&self) -> Evaluation {
        self.engine.evaluate("loan-auc", time("2026-03-01T06:00:00Z")).await.expect("evaluated")
    }

    async fn value(&self) -> f64 {
        self.check().await.series[0].value.expect("measured")
    }

    async fn freeze(&self, refresh: bool) -> Result<watchkeeper_engine::KeptBaseline, BaselineError> {
        self.engine.freeze_baseline("loan-auc", "an operator", refresh).await
    }
}

#[tokio::test]
async fn what_is_frozen_is_answered_without_opening_the_data() {
    for asks in [Asks::Mean, Asks::MeanOfQuery, Asks::Rows] {
        let stage = Stage::new(asks, [1.0, 2.0, 6.0], |_| {}).await;
        let before = stage.value().await;
        stage.freeze(false).await.expect("frozen");
        stage.data.set([]);
        let opened = stage.data.opened.load(Ordering::Relaxed);
        assert_eq!(stage.value().await.to_bits(), before.to_bits());
        assert_eq!(stage.value().await.to_bits(), before.to_bits());
        assert_eq!(stage.data.opened.load(Ordering::Relaxed), opened, "the data is not opened");
    }
}

#[tokio::test]
async fn what_is_not_frozen_follows_its_data() {
    let stage = Stage::new(Asks::Mean, [1.0, 2.0, 6.0], |_| {}).await;
    assert!((stage.value().await - 3.0).abs() < 1e-12);
    let opened = stage.data.opened.load(Ordering::Relaxed);
    stage.check().await;
    assert_eq!(stage.data.opened.load(Ordering::Relaxed), opened, "the same data is read once");
    stage.data.set([5.0]);
    assert!((stage.value().await - 5.0).abs() < 1e-12);
}

#[tokio::test]
async fn many_rows_are_not_kept_and_a_check_that_needs_them_says_so_when_the_data_moved() {
    let rows = 100_000;
    let stage = Stage::new(Asks::Rows, (0..rows).map(f64::from), |_| {}).await;
    let kept = stage.freeze(false).await.expect("frozen");
    assert_eq!(kept.digest.frame.unkept, [["x"]]);
    assert!(kept.digest.frame.scans.is_empty());
    assert_eq!(stage.check().await.error, None, "while the data is what it was, its rows are read");

    stage.data.set((0..7).map(f64::from));
    // A restart: nothing is open any more.
    stage.freeze_is_loaded_anew().await;
    let found = stage.check().await;
    assert_eq!(found.verdict, Verdict::Error, "never ok");
    let error = found.error.expect("a reason");
    for words in
        ["`loan-auc` holds answers, not rows", "100000 rows then, 7 now", "watchkeeper baseline refresh loan-auc"]
    {
        assert!(error.contains(words), "`{words}` is missing: {error}");
    }
    stage.freeze(true).await.expect("refreshed");
    assert!((stage.value().await - 3.0).abs() < 1e-12);
}

impl Stage {
    /// Freezes the same digest again, which makes the engine forget what it has open.
    async fn freeze_is_loaded_anew(&self) {
        let BaselineState::Moved { mut kept, .. } = self.engine.baseline_state("loan-auc").await.expect("a state")
        else {
            unreachable!("the data moved")
        };
        kept.frozen_at += std::time::Duration::from_secs(1);
        self.store.keep_baseline(&kept, &[]).await.expect("kept");
    }
}

#[tokio::test]
async fn a_relative_limit_keeps_the_value_it_was_frozen_with() {
    let relative = |monitor: &mut Monitor| {
        monitor.thresholds[0].breach = Some(Comparison::IncreaseOverBaseline(0.1));
        monitor.thresholds[0].clear = None;
    };
    let stage = Stage::new(Asks::Mean, [2.0], relative).await;
    let kept = stage.freeze(false).await.expect("frozen");
    let measured = kept.digest.measured.expect("a relative limit needs the value");
    assert_eq!(measured.values, [("mean".to_owned(), Labels::new(), 2.0)]);
    stage.data.set([9.0]);
    let found = stage.check().await;
    assert_eq!(found.series[0].baseline, Some(2.0));
}

#[tokio::test]
async fn rows_that_are_the_same_in_other_files_are_no_change() {
    let stage = Stage::new(Asks::Mean, [1.0, 2.0], |_| {}).await;
    stage.freeze(false).await.expect("frozen");
    stage.data.set([2.0, 1.0]);
    let state = stage.engine.baseline_state("loan-auc").await.expect("a state");
    assert!(matches!(state, BaselineState::Frozen(_)), "{state:?}");
    stage.data.set([2.0, 1.5]);
    let state = stage.engine.baseline_state("loan-auc").await.expect("a state");
    let BaselineState::Moved { how, .. } = state else { unreachable!("{state:?}") };
    assert_eq!(how, "as many rows (2), but other columns or values");
}

#[tokio::test]
async fn only_what_is_fixed_and_works_is_frozen() {
    let moving = |monitor: &mut Monitor| {
        monitor.baseline = Some(Baseline::Offset(std::time::Duration::from_secs(3600)));
    };
    let stage = Stage::new(Asks::Mean, [1.0], moving).await;
    assert!(matches!(stage.freeze(false).await, Err(BaselineError::NotFixed(_))));
    let stage = Stage::new(Asks::Mean, [1.0], |_| {}).await;
    stage.freeze(false).await.expect("frozen");
    assert!(matches!(stage.freeze(false).await, Err(BaselineError::Frozen { .. })));
    let stage = Stage::new(Asks::Mean, [], |_| {}).await;
    assert!(matches!(stage.freeze(true).await, Err(BaselineError::Unread { .. })));
    assert_eq!(stage.engine.baseline_state("loan-auc").await.expect("a state"), BaselineState::NotFrozen);
}
