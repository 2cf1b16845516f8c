//! A run that can be run again: what it asked is written down while it runs, and answers it the second time.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use watchkeeper_model::{Name, ParamValue, Series, Time};

use crate::{
    baseline::{Memory as Said, RecordingScan, SCAN_BYTES_MAX, replayed},
    ports::{
        checker::{CheckLog, CheckOutcome, CheckRequest, Checker},
        frame::{Aggregate, Answer, Field, Frame, FrameError, Scan},
        history::{History, Point},
        memory::Memory,
        replay::{AskedPoints, Ended, KeptRun},
    },
};

/// What is written down of a run at most; of one that asks more, nothing is kept.
const BYTES_MAX: usize = 4 << 20;

/// Writes down what a run asks and what it is answered. It holds none of the run's frames, which hold its turn.
pub(crate) struct Recorder {
    asked: Asked,
    current: Arc<Said>,
    baseline: Option<Arc<Said>>,
    history: Arc<RecordedHistory>,
    room: Arc<Room>,
}

/// Room for what is written down: a guest may ask without an end.
#[derive(Debug)]
struct Room(AtomicUsize);

impl Room {
    /// Takes so many bytes; once there were too few, there are none.
    fn take(&self, bytes: usize) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(bytes)))
            .is_ok_and(|left| left > bytes)
    }

    fn is_left(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// What a run was asked for.
struct Asked {
    monitor: Name,
    at: Time,
    plugin: String,
    params: Vec<(String, ParamValue)>,
    window: (Time, Time),
    timeout: Duration,
    memory_bytes: u64,
}

impl Recorder {
    /// The request with ears, and what they hear.
    pub(crate) fn of(request: CheckRequest) -> (CheckRequest, Self) {
        let current = Arc::new(Said::of(&*request.current));
        let baseline = request.baseline.as_ref().map(|frame| Arc::new(Said::of(&**frame)));
        let room = Arc::new(Room(AtomicUsize::new(BYTES_MAX)));
        let history = Arc::new(RecordedHistory {
            inner: Arc::clone(&request.history),
            asked: Mutex::default(),
            room: Arc::clone(&room),
        });
        let frame = |inner: &Arc<dyn Frame>, said: &Arc<Said>| -> Arc<dyn Frame> {
            Arc::new(RecordedFrame { inner: Arc::clone(inner), said: Arc::clone(said), room: Arc::clone(&room) })
        };
        let asked = Asked {
            monitor: request.monitor.clone(),
            at: request.scheduled_at,
            plugin: request.plugin.clone(),
            params: request.params.clone(),
            window: request.window,
            timeout: request.timeout,
            memory_bytes: request.memory.bytes_max(),
        };
        let heard = CheckRequest {
            current: frame(&request.current, &current),
            baseline: request.baseline.as_ref().zip(baseline.as_ref()).map(|(inner, said)| frame(inner, said)),
            history: history.clone(),
            ..request
        };
        (heard, Self { asked, current, baseline, history, room })
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
    /// The run as it is kept. `None` where another try follows, and where it asked too much.
    pub(crate) fn kept(self) -> Option<KeptRun> {
        let Self { recorder: Recorder { asked, current, baseline, history, room }, outcome, component } = self;
        if !room.is_left() {
            return None;
        }
        let params: serde_json::Map<String, serde_json::Value> = asked
            .params
            .iter()
            .map(|(name, value)| Some((name.clone(), serde_json::to_value(value).ok()?)))
            .collect::<Option<_>>()?;
        let points = history.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(KeptRun {
            monitor: asked.monitor,
            at: asked.at,
            plugin: asked.plugin,
            component,
            params: serde_json::Value::Object(params).to_string(),
            window: asked.window,
            timeout_ms: u64::try_from(asked.timeout.as_millis()).unwrap_or(u64::MAX),
            memory_bytes: asked.memory_bytes,
            current: current.digest(),
            baseline: baseline.map(|said| said.digest()),
            history: points,
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
        timeout: Duration::from_millis(run.timeout_ms),
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
    room: Arc<Room>,
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
        if self.room.take(asks.iter().map(ask_bytes).chain(answers.iter().map(answer_bytes)).sum()) {
            self.said.learn_all(asks, &answers);
        }
        Ok(answers)
    }

    async fn query_in(&self, sql: &str, memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        let inner = self.inner.query_in(sql, memory).await?;
        let fields: usize = inner.fields().iter().map(|field| field.name.len() + field.data_type.len() + 64).sum();
        if !self.room.take(sql.len() + fields) {
            return Ok(inner);
        }
        let said = self.said.learn_query(sql, &*inner);
        Ok(Arc::new(Self { inner, said, room: Arc::clone(&self.room) }))
    }

    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        let scan = self.inner.scan(columns).await?;
        // What it may come to is taken before it is read.
        if !self.room.take(SCAN_BYTES_MAX) {
            return Ok(scan);
        }
        Ok(Box::new(RecordingScan::new(scan, Arc::clone(&self.said), columns)))
    }
}

/// What a question takes, within a few words.
fn ask_bytes(ask: &Aggregate) -> usize {
    let more = match ask {
        Aggregate::Histogram(_, edges) => edges.len() * size_of::<f64>(),
        Aggregate::Classes(of) => of.label.len() + of.score.len() + of.decision.as_ref().map_or(0, String::len),
        Aggregate::Errors { target, prediction } => target.len() + prediction.len(),
        _ => 0,
    };
    size_of::<Aggregate>() + ask.column().map_or(0, str::len) + more
}

/// What an answer takes, within a few words.
fn answer_bytes(answer: &Answer) -> usize {
    let listed = match answer {
        Answer::Counts(counts) => counts.len() * size_of::<u64>(),
        Answer::Groups(groups) => groups.iter().map(|(value, _)| value.len() + size_of::<(String, u64)>()).sum(),
        Answer::Count(_) | Answer::Number(_) | Answer::Classes(_) | Answer::Errors(_) => 0,
    };
    size_of::<Answer>() + listed
}

/// A history whose answers are written down.
struct RecordedHistory {
    inner: Arc<dyn History>,
    asked: Mutex<Vec<AskedPoints>>,
    room: Arc<Room>,
}

#[async_trait]
impl History for RecordedHistory {
    async fn points(&self, series: &Series, most: usize) -> Result<Vec<Point>, String> {
        let points = self.inner.points(series, most).await?;
        let labels: usize = series.labels.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
        if !self.room.take(series.metric.len() + labels + 64 + points.len() * size_of::<(Time, f64)>()) {
            return Ok(points);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{frame::FrameFault, history::NoHistory};

    /// Rows that are counted however often somebody asks.
    struct Patient;

    #[async_trait]
    impl Frame for Patient {
        fn fields(&self) -> &[Field] {
            &[]
        }
        fn time_column(&self) -> Option<&str> {
            None
        }
        async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
            Ok(vec![Answer::Count(7); asks.len()])
        }
        async fn query_in(&self, _: &str, _: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
            Err(FrameError::new(FrameFault::Refused, "it is only counted"))
        }
        async fn scan(&self, _: &[String]) -> Result<Box<dyn Scan>, FrameError> {
            Err(FrameError::new(FrameFault::Refused, "it is only counted"))
        }
    }

    /// What is kept of a run that asks so many times.
    async fn kept_of(times: usize) -> (Option<KeptRun>, usize) {
        let monitor = Name::parse("mine").expect("a name");
        let request = CheckRequest {
            monitor,
            plugin: "null-rate".to_owned(),
            scheduled_at: Time::UNIX_EPOCH,
            window: (Time::UNIX_EPOCH, Time::UNIX_EPOCH),
            params: vec![("limit".to_owned(), ParamValue::Number(5_000.0))],
            timeout: Duration::from_secs(1),
            memory: Memory::new(1 << 20),
            log: Arc::default(),
            current: Arc::new(Patient),
            baseline: None,
            history: Arc::new(NoHistory),
        };
        let (heard, recorder) = Recorder::of(request);
        for _ in 0..times {
            heard.current.aggregate(&vec![Aggregate::Rows; 1_000]).await.expect("it answers");
        }
        let written = recorder.current.digest().answers.len();
        let outcome = CheckOutcome::NoData("nothing".to_owned());
        (Heard { recorder, outcome, component: None }.kept(), written)
    }

    #[tokio::test]
    async fn a_run_that_asks_without_an_end_is_not_written_down_without_one() {
        let (kept, _) = kept_of(3).await;
        let kept = kept.expect("it is kept");
        assert_eq!((kept.current.answers.len(), kept.params.as_str()), (3_000, "{\"limit\":5000.0}"));
        let (kept, written) = kept_of(200).await;
        assert!(kept.is_none() && written * size_of::<(Aggregate, Answer)>() <= BYTES_MAX, "{written} answers");
    }

    #[test]
    fn room_that_was_too_small_once_is_gone() {
        let room = Room(AtomicUsize::new(100));
        assert!(room.take(60) && room.is_left());
        assert!(!room.take(60) && !room.is_left());
        assert!(!room.take(1));
    }
}
