//! Checks that measure what the test says, on frames without rows of their own.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use watchkeeper_engine::ports::{
    checker::{CheckOutcome, CheckRequest, Checker, Manual},
    frame::{Aggregate, Answer, Field, Frame, FrameError, FrameFault, Moment, Scan, Sources, Span},
    memory::Memory,
};
use watchkeeper_model::{Labels, Measurement, Name, Series};

/// Answers every check with the next outcome of its script, and with an error once that is used up.
#[derive(Default)]
pub struct ScriptedChecker(Mutex<VecDeque<CheckOutcome>>);

impl ScriptedChecker {
    /// A script of outcomes.
    pub fn new(outcomes: impl IntoIterator<Item = CheckOutcome>) -> Self {
        Self(Mutex::new(outcomes.into_iter().collect()))
    }

    /// One measurement of `metric` a check.
    pub fn values(metric: &str, values: &[f64]) -> Self {
        let measured = |value: &f64| {
            let series = Series { metric: metric.to_owned(), labels: Labels::new() };
            CheckOutcome::Measured(vec![Measurement { series, value: *value, detail: None }])
        };
        Self::new(values.iter().map(measured))
    }
}

#[async_trait]
impl Checker for ScriptedChecker {
    async fn check(&self, _request: CheckRequest) -> CheckOutcome {
        let next = self.0.lock().expect("no test panics while it holds this").pop_front();
        next.unwrap_or_else(|| CheckOutcome::Failed("the script is used up".to_owned()))
    }

    async fn manual(&self, plugin: &str) -> Result<Manual, String> {
        Err(format!("{plugin} is scripted and has no manual"))
    }

    fn digest(&self, _plugin: &str) -> Option<String> {
        None
    }
}

/// Opens every source as a frame of 1,000 rows.
pub struct ScriptedSources;

#[async_trait]
impl Sources for ScriptedSources {
    fn moment(&self) -> Arc<dyn Moment> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Moment for ScriptedSources {
    async fn open(&self, _source: &Name, _span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        Ok(Arc::new(EmptyFrame { rows: 1000 }))
    }
}

/// A frame without columns that says how many rows it has.
pub struct EmptyFrame {
    /// The answer to `Aggregate::Rows`.
    pub rows: u64,
}

#[async_trait]
impl Frame for EmptyFrame {
    fn fields(&self) -> &[Field] {
        &[]
    }

    fn time_column(&self) -> Option<&str> {
        None
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        let answer = |ask: &Aggregate| match ask {
            Aggregate::Rows => Ok(Answer::Count(self.rows)),
            other => Err(missing(&format!("the frame has no columns, so it cannot answer {other:?}"))),
        };
        asks.iter().map(answer).collect()
    }

    async fn query_in(&self, _sql: &str, _memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        Err(missing("the frame has no columns"))
    }

    async fn scan(&self, _columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        Err(missing("the frame has no columns"))
    }
}

fn missing(what: &str) -> FrameError {
    FrameError::new(FrameFault::Missing, what)
}
