//! Checks: data in, measurements out.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use watchkeeper_model::{Measurement, Monitor, Name, ParamValue, Time};

use super::{
    frame::{Frame, Span},
    history::History,
    memory::Memory,
};

/// Lines that are kept of what a check logs in one run.
const LOG_LINES_MAX: usize = 50;

/// Runs checks.
#[async_trait]
pub trait Checker: Send + Sync {
    /// Runs one check within its limits. A failing check is a value, not an `Err`.
    async fn check(&self, request: CheckRequest) -> CheckOutcome;
    /// What the plugin says of itself; the error says why it cannot be loaded.
    async fn manual(&self, plugin: &str) -> Result<Manual, String>;
    /// SHA-256 of the component that was last loaded as this plugin, 64 hex digits; of a plugin that was not loaded yet,
    /// of its file; `None` when that cannot be read.
    fn digest(&self, plugin: &str) -> Option<String>;
}

/// One run of a check.
#[derive(Clone)]
pub struct CheckRequest {
    /// For whom it runs; named in logs and errors.
    pub monitor: Name,
    /// A standard check's name or a path to a component.
    pub plugin: String,
    /// The tick.
    pub scheduled_at: Time,
    /// The window's ends; the Unix epoch and the tick when the whole source is read.
    pub window: (Time, Time),
    /// Parameters by name.
    pub params: Vec<(String, ParamValue)>,
    /// The deadline.
    pub timeout: Duration,
    /// What the guest, and the host for it, may hold.
    pub memory: Arc<Memory>,
    /// What it logs.
    pub log: Arc<CheckLog>,
    /// The rows to look at.
    pub current: Arc<dyn Frame>,
    /// The rows to compare with.
    pub baseline: Option<Arc<dyn Frame>>,
    /// What the monitor measured before.
    pub history: Arc<dyn History>,
}

impl CheckRequest {
    /// A monitor's check at one tick, over the rows of `span`.
    pub(crate) fn of(
        monitor: &Monitor,
        at: Time,
        span: Span,
        log: &Arc<CheckLog>,
        current: Arc<dyn Frame>,
        baseline: Option<Arc<dyn Frame>>,
        history: Arc<dyn History>,
    ) -> Self {
        Self {
            monitor: monitor.id.clone(),
            plugin: monitor.check.plugin.clone(),
            scheduled_at: at,
            window: (span.start.unwrap_or(Time::UNIX_EPOCH), span.end.unwrap_or(at)),
            params: monitor.check.params.clone(),
            timeout: monitor.check.timeout,
            memory: Memory::new(monitor.check.memory_bytes_max),
            log: Arc::clone(log),
            current,
            baseline,
            history,
        }
    }
}

/// The last lines that a check logged, kept with its evaluation.
#[derive(Debug, Default)]
pub struct CheckLog(Mutex<VecDeque<String>>);

impl CheckLog {
    /// Adds a line; it begins with its level. Beyond 50 the oldest goes.
    pub fn write(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LOG_LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq)]
pub enum CheckOutcome {
    /// With measurements.
    Measured(Vec<Measurement>),
    /// There is nothing to measure, and why.
    NoData(String),
    /// It failed: a message that its author, or whoever set its parameters, can act on.
    Failed(String),
    /// Its data could not be read just now, and why; another try a moment later may succeed.
    Unread(String),
}

/// A plugin's own description.
#[derive(Debug, Clone, PartialEq)]
pub struct Manual {
    /// One sentence.
    pub summary: String,
    /// What it takes.
    pub params: Vec<ManualParam>,
    /// What it measures; empty when its query decides.
    pub metrics: Vec<ManualMetric>,
}

/// A parameter a plugin takes.
#[derive(Debug, Clone, PartialEq)]
pub struct ManualParam {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub doc: String,
    /// `text`, `number`, `integer`, `flag`, `texts` or `numbers`.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// What holds when it is not given.
    pub default: Option<ParamValue>,
}

/// A metric a plugin measures.
#[derive(Debug, Clone, PartialEq)]
pub struct ManualMetric {
    /// Its name.
    pub name: String,
    /// Its unit; empty for plain numbers.
    pub unit: String,
    /// One sentence.
    pub doc: String,
    /// The labels its series carry.
    pub labels: Vec<String>,
}
