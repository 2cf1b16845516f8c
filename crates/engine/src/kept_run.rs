//! A run that can be run again: what it asked is written down while it runs, and answers it the second time.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use watchkeeper_model::{Series, Time};

use crate::{
    baseline::{Memory as Said, RecordingScan, replayed},
    ports::{
        checker::{CheckLog, CheckOutcome, CheckRequest, Checker},
        frame::{Aggregate, Answer, Field, Frame, FrameError, Scan},
        history::{History, Point},
        memory::Memory,
        replay::{AskedPoints, Ended, KeptRun},
    },
};

/// Writes down what a run asks and what it is answered.
pub(crate) struct Recorder {
    request: CheckRequest,
    current: Arc<Said>,
    baseline: Option<Arc<Said>>,
    history: Arc<RecordedHistory>,
}

impl Recorder {
    /// The request with ears, and what they hear.
    pub(crate) fn of(request: CheckRequest) -> (CheckRequest, Self) {
        let current = Arc::new(Said::of(&*request.current));
        let baseline = request.baseline.as_ref().map(|frame| Arc::new(Said::of(&**frame)));
        let history = Arc::new(RecordedHistory { inner: Arc::clone(&request.history), asked: Mutex::default() });
        let frame = |inner: &Arc<dyn Frame>, said: &Arc<Said>| -> Arc<dyn Frame> {
            Arc::new(RecordedFrame { inner: Arc::clone(inner), said: Arc::clone(said) })
        };
        let heard = CheckRequest {
            current: frame(&request.current, &current),
            baseline: request.baseline.as_ref().zip(baseline.as_ref()).map(|(inner, said)| frame(inner, said)),
            history: history.clone(),
            ..request.clone()
        };
        (heard, Self { request, current, baseline, history })
    }
}

/// What was heard of a run that has ended.
pub(crate) struct Heard {
    pub(crate) recorder: Recorder,
    pub(crate) outcome: CheckOutcome,
    /// SHA-256 of the component that ran.
    pub(crate) component: Option<String>,
}

impl Heard {
    /// The run as it is kept. `None` where another try follows.
    pub(crate) fn kept(self) -> Option<KeptRun> {
        let Self { recorder: Recorder { request, current, baseline, history }, outcome, component } = self;
        let params: serde_json::Map<String, serde_json::Value> = request
            .params
            .iter()
            .map(|(name, value)| Some((name.clone(), serde_json::to_value(value).ok()?)))
            .collect::<Option<_>>()?;
        let asked = history.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(KeptRun {
            monitor: request.monitor,
            at: request.scheduled_at,
            plugin: request.plugin,
            component,
            params: serde_json::Value::Object(params).to_string(),
            window: request.window,
            timeout_ms: u64::try_from(request.timeout.as_millis()).unwrap_or(u64::MAX),
            memory_bytes: request.memory.bytes_max(),
            current: current.digest(),
            baseline: baseline.map(|said| said.digest()),
            history: asked,
            ended: ended(&outcome)?,
        })
    }
}

/// How an outcome is kept; none where another try follows.
fn ended(outcome: &CheckOutcome) -> Option<Ended> {
    Some(match outcome {
        CheckOutcome::Measured(measured) => Ended::Measured(
            measured.iter().map(|one| (one.series.metric.clone(), one.series.labels.clone(), one.value)).collect(),
        ),
        CheckOutcome::NoData(reason) => Ended::NoData(reason.clone()),
        CheckOutcome::Failed(message) => Ended::Failed(message.clone()),
        CheckOutcome::Unread(_) => return None,
    })
}

/// Runs a kept run again, on what it was answered then; gives how it ended and what it logged.
pub async fn run_again(run: &KeptRun, checker: &dyn Checker) -> Result<(Ended, Vec<String>), serde_json::Error> {
    let params: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&run.params)?;
    let params = params.into_iter().map(|(name, value)| Ok((name, serde_json::from_value(value)?)));
    let log = Arc::new(CheckLog::default());
    let request = CheckRequest {
        monitor: run.monitor.clone(),
        plugin: run.plugin.clone(),
        scheduled_at: run.at,
        window: run.window,
        params: params.collect::<Result<_, serde_json::Error>>()?,
        timeout: std::time::Duration::from_millis(run.timeout_ms),
        memory: Memory::new(run.memory_bytes),
        log: Arc::clone(&log),
        current: replayed(run.current.clone()),
        baseline: run.baseline.clone().map(replayed),
        history: Arc::new(KeptHistory(run.history.clone())),
    };
    let outcome = checker.check(request).await;
    let again = ended(&outcome).unwrap_or_else(|| match outcome {
        CheckOutcome::Unread(reason) => Ended::Failed(reason),
        _ => Ended::Failed(String::new()),
    });
    Ok((again, log.lines()))
}

/// A frame whose answers are written down.
struct RecordedFrame {
    inner: Arc<dyn Frame>,
    said: Arc<Said>,
}

#[async_trait]
impl Frame for RecordedFrame {
    fn fields(&self) -> &[Field] {
        self.inner.fields()
    }

    fn time_column(&self) -> Option<&str> {
        self.inner.time_column()
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        let answers = self.inner.aggregate(asks).await?;
        self.said.learn_all(asks, &answers);
        Ok(answers)
    }

    async fn query_in(&self, sql: &str, memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        let inner = self.inner.query_in(sql, memory).await?;
        let said = self.said.learn_query(sql, &*inner);
        Ok(Arc::new(Self { inner, said }))
    }

    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        let scan = self.inner.scan(columns).await?;
        Ok(Box::new(RecordingScan::new(scan, Arc::clone(&self.said), columns)))
    }
}

/// A history whose answers are written down.
struct RecordedHistory {
    inner: Arc<dyn History>,
    asked: Mutex<Vec<AskedPoints>>,
}

#[async_trait]
impl History for RecordedHistory {
    async fn points(&self, series: &Series, most: usize) -> Result<Vec<Point>, String> {
        let points = self.inner.points(series, most).await?;
        let asked = AskedPoints {
            metric: series.metric.clone(),
            labels: series.labels.clone(),
            most: most as u64,
            points: points.iter().map(|point| (point.at, point.value)).collect(),
        };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        Ok(points)
    }
}

/// The history that a kept run knows.
struct KeptHistory(Vec<AskedPoints>);

#[async_trait]
impl History for KeptHistory {
    async fn points(&self, series: &Series, most: usize) -> Result<Vec<Point>, String> {
        let same = |asked: &&AskedPoints| {
            asked.metric == series.metric && asked.labels == series.labels && asked.most == most as u64
        };
        let asked = self.0.iter().find(same);
        let asked = asked.ok_or_else(|| format!("the run that is replayed did not ask for {series}"))?;
        Ok(asked.points.iter().map(|(at, value): &(Time, f64)| Point { at: *at, value: *value }).collect())
    }
}
