//! Wording: the words of a message, found once; every channel renders the same ones in its own format.

mod acted;
mod clean;
mod digest;
mod lead;
mod report;
mod text;

use watchkeeper_model::{Excess, Facts, Message, MessageKind, Outcome, SeriesReport, StepReport};

pub(crate) use clean::{cut, one_line};
use watchkeeper_model::{number, percent, reading};

/// How many series a message lists, the worst ones; the rest is counted. Ten whole lines fit into every channel.
const SERIES_MAX: usize = 10;
/// A share of the limit is told below this; 10 is 1000 %.
const SHARE_MAX: f64 = 10.0;
/// How long one of their lines may be, in characters.
const LINE_CHARS_MAX: usize = 280;

/// What is said first of a drill.
const DRILL: &str = "This is a drill. The breach is pretended.";

/// The words of one message. Every text is a single line without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// The one line that is read on a phone: monitor, what happened, the worst number beside its limit.
    pub subject: String,
    /// Said first when the breach is only pretended.
    pub drill: Option<&'static str>,
    /// One or two sentences on why this is sent.
    pub lead: String,
    /// What the lines below are.
    pub listing: Heading,
    /// One line a series: what was measured against which limit.
    pub measured: Vec<String>,
    /// What was done, and how it ended.
    pub act: Option<Act>,
    /// What people may do now.
    pub next: Vec<NextLine>,
    /// What the message is about: label and value.
    pub about: Vec<(&'static str, String)>,
    /// The ledger's head, once the store has filled it in.
    pub ledger_head: Option<String>,
}

/// What the runbook did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// `First step`, or `Step` for a later one.
    pub heading: &'static str,
    /// `pause gate loan-decisions`.
    pub summary: String,
    /// How it ended, as a sentence.
    pub ended: String,
    /// An exit code, an issue key, a reason; empty when there is nothing to add.
    pub detail: String,
}

/// Something people may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextLine {
    /// What it is for.
    pub what: String,
    /// The command that does it.
    pub command: Option<String>,
}

/// The headings of a message's parts, the same on every channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading {
    /// Over the series.
    Measured,
    /// Over the messages of a digest.
    Messages,
    /// Over the next steps.
    Next,
    /// Over what the message is about.
    About,
}

impl Heading {
    /// The words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "Measured",
            Self::Messages => "What happened",
            Self::Next => "What you can do",
            Self::About => "About",
        }
    }
}

/// Whether what a message tells has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// It has.
    Fact,
    /// It is only gone through.
    Rehearsed,
}

impl Wording {
    /// Finds the words for a message.
    pub fn of(message: &Message) -> Self {
        Self::in_mood(message, Mood::Fact)
    }

    /// Finds the words for a message of a rehearsal, in which no step was done: `would be done`.
    pub fn rehearsed(message: &Message) -> Self {
        Self::in_mood(message, Mood::Rehearsed)
    }

    fn in_mood(message: &Message, mood: Mood) -> Self {
        if message.kind == MessageKind::Digest {
            return digest::wording(message, mood);
        }
        if let Some(report) = &message.report {
            return report::wording(message, report);
        }
        let facts = &message.facts;
        Self {
            subject: lead::subject(message, mood),
            drill: facts.drill.then_some(DRILL),
            lead: lead::lead(message, mood),
            listing: Heading::Measured,
            measured: measured(facts),
            act: message.first_step.as_ref().map(|report| act(message.kind, report, mood)),
            next: message.next_steps.iter().map(NextLine::of).collect(),
            about: about(facts).into_iter().chain(Self::page_of(message)).collect(),
            ledger_head: Self::head_of(message),
        }
    }

    /// Where people may act on it.
    fn page_of(message: &Message) -> Option<(&'static str, String)> {
        message.link.as_deref().map(|link| ("Page", one_line(link)))
    }

    fn head_of(message: &Message) -> Option<String> {
        Some(one_line(&message.ledger_head)).filter(|head| !head.is_empty())
    }
}

impl NextLine {
    fn of(step: &watchkeeper_model::NextStep) -> Self {
        Self { what: one_line(&step.description), command: step.command.as_deref().map(one_line) }
    }
}

fn act(kind: MessageKind, report: &StepReport, mood: Mood) -> Act {
    // What an action says of its success would be said of something that was not done.
    let told = mood == Mood::Fact || report.outcome != Some(Outcome::Done);
    Act {
        heading: if matches!(kind, MessageKind::Step | MessageKind::Verified) { "Step" } else { "First step" },
        summary: one_line(&report.summary),
        ended: acted::ended(report, mood),
        detail: if told { one_line(&report.detail) } else { String::new() },
    }
}

/// Stand-ins for what was not measured are left out: their reason is said first.
fn measured(facts: &Facts) -> Vec<String> {
    let series: Vec<&SeriesReport> = facts.series.iter().filter(|report| report.unmeasured().is_none()).collect();
    let mut lines: Vec<String> = series.iter().take(SERIES_MAX).map(|report| measured_line(report)).collect();
    let more = series.len().saturating_sub(SERIES_MAX) + facts.more_series;
    if more > 0 {
        lines.push(format!("and {more} more series"));
    }
    lines
}

/// `auc 0.593, limit: below 0.6, past it by 0.0074 (1.23 %) (breach)`, with the baseline and what the check says
/// of it.
fn measured_line(report: &SeriesReport) -> String {
    let mut line = format!(
        "{} {}",
        report.subject,
        report.value.map_or_else(|| "not measured".to_owned(), |value| told(report, value))
    );
    if !report.limit.is_empty() {
        line += &format!(", limit: {}", report.limit);
    }
    line += &report.excess.map(past_it).unwrap_or_default();
    if let Some(baseline) = report.baseline {
        line += &format!(", baseline {}", reading(baseline, None));
    }
    line += &format!(" ({})", verdict_word(report));
    if let Some(detail) = &report.detail {
        line += &format!(" - {detail}");
    }
    cut(&one_line(&line), LINE_CHARS_MAX)
}

/// A value of a series in as many digits as it takes.
fn told(report: &SeriesReport, value: f64) -> String {
    reading(value, report.excess.map(|excess| excess.by).filter(|by| *by > 0.0))
}

/// How far the value is over the threshold, in its own unit and as a share of the limit.
fn past_it(excess: Excess) -> String {
    // Of a limit near nothing a share says nothing.
    let share = excess.share.filter(|share| *share < SHARE_MAX);
    let share = share.map(|share| format!(" ({} %)", percent(share))).unwrap_or_default();
    format!(", past it by {}{share}", number(excess.by, 3))
}

/// The verdict in prose.
fn verdict_word(report: &SeriesReport) -> String {
    report.verdict.as_str().replace('_', " ")
}

fn about(facts: &Facts) -> Vec<(&'static str, String)> {
    let labels: Vec<String> = facts.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let rows = [
        ("Monitor", Some(facts.monitor.to_string())),
        ("Description", Some(facts.description.clone())),
        ("Layer", Some(facts.layer.to_string())),
        ("Severity", Some(facts.severity.to_string())),
        ("Owner", Some(facts.owner.to_string())),
        ("Labels", Some(labels.join(", "))),
        ("Incident", facts.incident.clone()),
        ("Run", facts.run.clone()),
        ("Tick", Some(facts.at.format("%F %T UTC").to_string())),
    ];
    let present = rows.into_iter().filter_map(|(label, value)| Some((label, one_line(&value?))));
    present.filter(|(_, value)| !value.is_empty()).collect()
}
