//! A monitor: input, check, thresholds, schedule, owner and runbook.

use std::{collections::BTreeSet, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Labels, Name, Schedule, Series, Threshold, Time};

/// What is watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Monitor {
    /// Unique in the workspace.
    pub id: Name,
    /// One sentence for people.
    pub description: String,
    /// The layer it belongs to.
    pub layer: Layer,
    /// The team that answers for it.
    pub owner: Name,
    /// How bad a breach is.
    pub severity: Severity,
    /// The runbook whose first step runs on a breach.
    pub runbook: Name,
    /// Free labels, for example `model = loan`.
    pub labels: Labels,
    /// When it runs.
    pub schedule: Schedule,
    /// The rows it sees.
    pub input: Input,
    /// The rows it compares them with.
    pub baseline: Option<Baseline>,
    /// The computation.
    pub check: CheckSpec,
    /// How its measurements are judged.
    pub thresholds: Vec<Threshold>,
    /// What happens around a breach.
    pub alert: AlertPolicy,
}

/// The four monitoring layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Freshness, schema, completeness.
    Data,
    /// Predictive quality and drift.
    Model,
    /// Latency, jobs, errors.
    System,
    /// KPIs.
    Business,
}

/// How bad a breach of the monitor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// To be looked at in working hours.
    Warning,
    /// Now.
    Critical,
}

/// The rows a check sees: those with a time in `[tick - delay - window, tick - delay)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The named source.
    pub source: Name,
    /// The window; the whole source when absent.
    pub window: Option<InputWindow>,
    /// How far the window is shifted back, for labels that arrive late.
    pub delay: Duration,
    /// Fewer rows than this are `no_data`; at least 1.
    pub min_rows: u64,
}

/// Which rows belong to a tick, by their times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputWindow {
    /// Those of so long before it; whole days are days of the schedule's calendar.
    Length(Duration),
    /// Those of the last whole day, by the schedule's calendar.
    Day,
    /// Those of the last whole week, from Monday on.
    Week,
    /// Those of the last whole month.
    Month,
}

/// The rows a check compares with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// A whole source.
    Whole {
        /// The named source.
        source: Name,
    },
    /// A source's rows with a time in `[from, to)`.
    Range {
        /// The named source.
        source: Name,
        /// First instant included.
        from: Time,
        /// First instant left out.
        to: Time,
    },
    /// The input's own window, this much earlier.
    Offset(Duration),
}

/// Which plugin computes, with which parameters and limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckSpec {
    /// A standard check's name, a name in plugins.lock, or a path to a component (it contains `/` or ends in `.wasm`).
    pub plugin: String,
    /// The deadline of one run.
    pub timeout: Duration,
    /// The guest's memory limit, in bytes.
    pub memory_bytes_max: u64,
    /// The parameters given, by name.
    pub params: Vec<(String, ParamValue)>,
}

/// A parameter's value, as TOML can say it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// `true`
    Flag(bool),
    /// `10`
    Integer(i64),
    /// `0.5`
    Number(f64),
    /// `"target"`
    Text(String),
    /// `[0.5, 0.95]`
    Numbers(Vec<f64>),
    /// `["income", "age"]`
    Texts(Vec<String>),
}

/// What happens around a breach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertPolicy {
    /// What a window without data counts as.
    pub no_data: PolicyVerdict,
    /// What a failed check counts as.
    pub on_error: PolicyVerdict,
    /// Label names that split the series into incidents; empty: one incident a monitor.
    pub group_by: BTreeSet<String>,
    /// How often an open, unacknowledged incident is told again.
    pub repeat: Option<Duration>,
    /// While an incident of one of these monitors is open, no first step runs here.
    pub inhibited_by: BTreeSet<Name>,
}

/// What a verdict without a measurement counts as. Never "ok" for an error: configuration refuses that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyVerdict {
    /// Nothing to tell.
    Ok,
    /// The owner is warned.
    Warn,
    /// An incident opens.
    Breach,
}

impl Monitor {
    /// The limits that judge a series: the first that are for it, in the order of the file.
    pub fn threshold_of(&self, series: &Series) -> Option<&Threshold> {
        self.thresholds.iter().find(|threshold| threshold.covers(series))
    }
}

impl Layer {
    /// The word used in TOML and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Model => "model",
            Self::System => "system",
            Self::Business => "business",
        }
    }
}

impl Severity {
    /// The word used in TOML and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
