//! What people are told: facts in typed places, rendered by each channel in its own way.

use serde::{Deserialize, Serialize};

use crate::{
    Excess, Labels, Layer, Name, Outcome, Placeholder, Remedy, Report, Severity, Subject, Time, Trend, Verdict,
};

/// One message about a monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Unique for ever; peers use it to recognise a repeat.
    pub id: String,
    /// Why it is sent.
    pub kind: MessageKind,
    /// The monitor and its incident.
    pub facts: Facts,
    /// How the first step ended, once it has.
    pub first_step: Option<StepReport>,
    /// What people may do now.
    pub next_steps: Vec<NextStep>,
    /// A sentence on why it is sent, where its kind does not say it.
    #[serde(default)]
    pub note: Option<String>,
    /// The messages that a digest is made of, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digest: Vec<Message>,
    /// What happened in a time, of a report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Report>>,
    /// The page on which people may act; absent where nothing says where the pages are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The ledger's head when the message was written, 64 hex digits; empty until the store fills it in.
    pub ledger_head: String,
}

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// An incident is handed over after its first step.
    Handoff,
    /// The first step has not ended within the runbook's `notify_deadline`.
    Overdue,
    /// Further series went bad while the incident stands.
    Spread,
    /// A series went past its `warn` limit, or there is nothing to judge.
    Warning,
    /// The incident is still open and nobody has acknowledged it.
    Reminder,
    /// Nobody acknowledged it in time; told to the next in line.
    Escalation,
    /// A later step ended.
    Step,
    /// It is known whether a step helped.
    Verified,
    /// A later step waits for the agreement of a team that is not the owner.
    Approval,
    /// Somebody has taken the incident.
    Acknowledged,
    /// The incident is over.
    Resolved,
    /// Many messages at once, the worst first.
    Digest,
    /// What happened in a time.
    Report,
    /// Watchkeeper itself cannot do its work.
    Alarm,
    /// Somebody tries a channel.
    Test,
}

/// What is known of a breach: the values of the placeholders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The monitor's id.
    pub monitor: Name,
    /// The monitor's description.
    pub description: String,
    /// The monitor's layer.
    pub layer: Layer,
    /// The monitor's severity.
    pub severity: Severity,
    /// The owning team.
    pub owner: Name,
    /// The monitor's own labels.
    pub labels: Labels,
    /// The labels that name the group of series; empty without `group_by`.
    #[serde(default)]
    pub group: Labels,
    /// The incident's id; absent for a warning.
    pub incident: Option<String>,
    /// The run's id; absent for a warning.
    pub run: Option<String>,
    /// The tick.
    pub at: Time,
    /// The series that are not ok, worst first, or all of them when all are; at least one and at most
    /// [`Facts::SERIES_MAX`].
    pub series: Vec<SeriesReport>,
    /// So many more there are.
    #[serde(default)]
    pub more_series: usize,
    /// How the worst of them went over the last ticks, for channels that can show a chart.
    #[serde(default)]
    pub trend: Option<Trend>,
    /// Whether all of this is a drill.
    pub drill: bool,
}

/// One subject, judged, as it is stored and told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesReport {
    /// What this is about.
    #[serde(rename = "series")]
    pub subject: Subject,
    /// Its value; absent when nothing was measured.
    pub value: Option<f64>,
    /// The same series on the baseline, where it was measured.
    pub baseline: Option<f64>,
    /// The verdict on it.
    pub verdict: Verdict,
    /// The limit it is judged against, for example `below 0.6`; empty without one.
    pub limit: String,
    /// How far it is past that limit; absent when it is not.
    #[serde(default)]
    pub excess: Option<Excess>,
    /// What the check says of it, or why there is no value.
    pub detail: Option<String>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// The step's id in its runbook.
    pub step: Name,
    /// The action's kind: `gate`, `exec`, …
    pub action: String,
    /// One line: `pause gate loan-decisions`.
    pub summary: String,
    /// How it ended; absent while it is under way.
    pub outcome: Option<Outcome>,
    /// What happened, for people: an exit code, an issue key, a reason.
    pub detail: String,
    /// When it began; absent when it was withheld.
    pub started_at: Option<Time>,
    /// When its outcome was known.
    pub finished_at: Option<Time>,
    /// Whether it helped; absent unless it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

/// Something people may do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// What it is for.
    pub description: String,
    /// The command that does it; absent when it is done by hand.
    pub command: Option<String>,
}

impl Facts {
    /// So many series are told at most; a message must stay small enough for every channel.
    pub const SERIES_MAX: usize = 50;

    /// The same of another tick: the series that are not ok, or all of them when all are, up to the bound; and how many
    /// more there are.
    pub fn with_series(mut self, mut series: Vec<SeriesReport>, at: Time) -> Self {
        let bad = |report: &SeriesReport| report.verdict != Verdict::Ok;
        if series.iter().any(bad) {
            series.retain(bad);
        }
        self.more_series = series.len().saturating_sub(Self::SERIES_MAX);
        series.truncate(Self::SERIES_MAX);
        Self { series, at, ..self }
    }

    /// The same with numbers of six significant digits.
    pub fn for_reading(&self) -> Self {
        let rounded = |value: Option<f64>| value.map(|value| format!("{value:.5e}").parse().unwrap_or(value));
        let report = |report: &SeriesReport| SeriesReport {
            value: rounded(report.value),
            baseline: rounded(report.baseline),
            ..report.clone()
        };
        Self { series: self.series.iter().map(report).collect(), ..self.clone() }
    }

    /// The worst series in the report.
    pub fn worst(&self) -> Option<&SeriesReport> {
        self.series.first()
    }

    /// A placeholder's text; a hyphen for what is not known.
    pub fn get(&self, placeholder: Placeholder) -> String {
        let worst = self.worst();
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        let found = match placeholder {
            Placeholder::Monitor => Some(self.monitor.to_string()),
            Placeholder::Description => Some(self.description.clone()),
            Placeholder::Layer => Some(self.layer.to_string()),
            Placeholder::Severity => Some(self.severity.to_string()),
            Placeholder::Owner => Some(self.owner.to_string()),
            Placeholder::Incident => self.incident.clone(),
            Placeholder::Run => self.run.clone(),
            Placeholder::Metric => worst.map(|report| report.subject.to_string()),
            Placeholder::Value => worst.and_then(|report| number(report.value)),
            Placeholder::Threshold => worst.map(|report| report.limit.clone()),
            Placeholder::Baseline => worst.and_then(|report| number(report.baseline)),
            Placeholder::Detail => worst.and_then(|report| report.detail.clone()),
            Placeholder::Series => Some(self.lines()),
            Placeholder::At => Some(self.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        };
        found.unwrap_or_else(|| "-".to_owned())
    }
}

impl MessageKind {
    /// The word used in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handoff => "handoff",
            Self::Overdue => "overdue",
            Self::Spread => "spread",
            Self::Warning => "warning",
            Self::Reminder => "reminder",
            Self::Escalation => "escalation",
            Self::Step => "step",
            Self::Verified => "verified",
            Self::Approval => "approval",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Digest => "digest",
            Self::Report => "report",
            Self::Alarm => "alarm",
            Self::Test => "test",
        }
    }
}

impl Facts {
    /// Every series told, one a line, and how many more there are.
    fn lines(&self) -> String {
        let more = (self.more_series > 0).then(|| format!("and {} more series\n", self.more_series));
        self.series.iter().map(|report| format!("{report}\n")).chain(more).collect()
    }
}

impl SeriesReport {
    /// Why nothing was measured at all, where this stands in for the series that are missing.
    pub fn unmeasured(&self) -> Option<&str> {
        let stands_in = matches!(self.subject, Subject::Unmeasured(_));
        stands_in.then(|| self.detail.as_deref().unwrap_or("no reason is known"))
    }

    /// Puts the worst first: by verdict, then by how far it is past its limit, then by name.
    pub fn worst_first(reports: &mut [Self]) {
        reports.sort_by(|a, b| {
            let farthest = || Excess::compare(b.excess, a.excess);
            b.verdict.cmp(&a.verdict).then_with(farthest).then_with(|| a.subject.cmp(&b.subject))
        });
    }
}

impl std::fmt::Display for SeriesReport {
    /// `auc 0.592603 (breach: below 0.6)`; `error: the check ran out of memory` where nothing was measured.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(reason) = self.unmeasured() {
            return write!(f, "{}: {reason}", self.verdict);
        }
        write!(f, "{}", self.subject)?;
        if let Some(value) = self.value {
            write!(f, " {value}")?;
        }
        if let Some(baseline) = self.baseline {
            write!(f, ", baseline {baseline}")?;
        }
        let limit = if self.limit.is_empty() { String::new() } else { format!(": {}", self.limit) };
        write!(f, " ({}{limit})", self.verdict)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " - {detail}"))
    }
}

/// Where a message of the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageStatus {
    /// It is sent when it is due, if it is still wanted then.
    Waiting,
    /// Somebody sends it.
    Sending,
    /// The peer took it.
    Sent,
    /// It was given up.
    Failed,
    /// Nobody wants it any more.
    Cancelled,
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageEvent {
    /// It is due and wanted: somebody takes it.
    Take,
    /// It is wanted no more.
    Cancel,
    /// The peer took it.
    Send,
    /// It is not tried again.
    GiveUp,
    /// It is tried again: the peer did not take it, or whoever sent it is gone.
    Again,
    /// A reminder that went out is said once more.
    Repeat,
}

impl MessageStatus {
    /// The status after an event; `None` when the event cannot happen there.
    pub fn next(self, event: MessageEvent) -> Option<Self> {
        match (self, event) {
            (Self::Waiting, MessageEvent::Take) => Some(Self::Sending),
            (Self::Waiting | Self::Sending, MessageEvent::Cancel) => Some(Self::Cancelled),
            (Self::Sending, MessageEvent::Send) => Some(Self::Sent),
            (Self::Sending, MessageEvent::GiveUp) => Some(Self::Failed),
            (Self::Sending, MessageEvent::Again) | (Self::Sent, MessageEvent::Repeat) => Some(Self::Waiting),
            _ => None,
        }
    }

    /// The word kept in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}
