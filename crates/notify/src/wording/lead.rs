//! The subject line and the opening sentences of a message.

use watchkeeper_model::{Facts, Message, MessageKind, Outcome, Remedy, SeriesReport, Verdict};

use super::{Mood, cut, one_line, told};

/// A subject longer than this is cut; mail clients and phones show less.
const SUBJECT_CHARS_MAX: usize = 140;

/// `loan-auc in breach: auc 0.593, limit: below 0.6`.
pub(super) fn subject(message: &Message, mood: Mood) -> String {
    let facts = &message.facts;
    let drill = if facts.drill { "[drill] " } else { "" };
    let what = what_happened(message, mood);
    let why = facts.worst().filter(|_| says_why(message.kind)).map(in_subject).unwrap_or_default();
    let others = facts.series.len().saturating_sub(1) + facts.more_series;
    let why = if why.is_empty() || others == 0 { why } else { format!("{why} and {others} more") };
    cut(&one_line(&format!("{drill}{} {what}{why}", facts.monitor)), SUBJECT_CHARS_MAX)
}

fn what_happened(message: &Message, mood: Mood) -> String {
    let state = State::of(&message.facts);
    match message.kind {
        MessageKind::Handoff => state.now().to_owned(),
        MessageKind::Overdue => "first step is overdue".to_owned(),
        MessageKind::Spread => format!("{} too", state.now()),
        MessageKind::Warning => state.as_warning().to_owned(),
        MessageKind::Reminder => format!("{}, not acknowledged", state.still()),
        MessageKind::Escalation => format!("{}, escalated to you", state.now()),
        MessageKind::Step => step_ended(message, mood),
        MessageKind::Verified => helped(message),
        MessageKind::Approval => "a step waits for your agreement".to_owned(),
        MessageKind::Acknowledged => "acknowledged".to_owned(),
        MessageKind::Resolved => "resolved".to_owned(),
        MessageKind::Digest => state.now().to_owned(),
        MessageKind::Report => "report".to_owned(),
        MessageKind::Alarm => "itself needs you".to_owned(),
        MessageKind::Test => "test: this channel works".to_owned(),
    }
}

fn says_why(kind: MessageKind) -> bool {
    use MessageKind::{Acknowledged, Approval, Report, Resolved, Step, Test, Verified};
    !matches!(kind, Step | Verified | Approval | Acknowledged | Report | Resolved | Test)
}

/// The worst number beside its limit, or the reason why there is none.
fn in_subject(report: &SeriesReport) -> String {
    if let Some(reason) = reason(report) {
        return format!(": {reason}");
    }
    let value = report.value.map(|value| format!(" {}", told(report, value))).unwrap_or_default();
    let limit = if report.limit.is_empty() { String::new() } else { format!(", limit: {}", report.limit) };
    format!(": {}{value}{limit}", report.subject)
}

/// Why a series was not measured; `None` for one that was.
fn reason(report: &SeriesReport) -> Option<&str> {
    report.unmeasured().or_else(|| report.detail.as_deref().filter(|_| report.value.is_none() && failed(report)))
}

fn failed(report: &SeriesReport) -> bool {
    matches!(report.verdict, Verdict::NoData | Verdict::Error)
}

/// What is the matter with a monitor.
#[derive(Clone, Copy)]
enum State {
    Breach,
    NoData,
    Error,
}

impl State {
    /// An incident is a breach, unless its worst series could not be measured.
    fn of(facts: &Facts) -> Self {
        match facts.worst().map(|report| report.verdict) {
            None | Some(Verdict::Ok | Verdict::Warn | Verdict::Breach) => Self::Breach,
            Some(Verdict::NoData) => Self::NoData,
            Some(Verdict::Error) => Self::Error,
        }
    }

    /// After the monitor's name, in a subject.
    fn now(self) -> &'static str {
        match self {
            Self::Breach => "in breach",
            Self::NoData => "has no data",
            Self::Error => "cannot be checked",
        }
    }

    fn still(self) -> &'static str {
        match self {
            Self::Breach => "still in breach",
            Self::NoData => "still has no data",
            Self::Error => "still cannot be checked",
        }
    }

    fn as_warning(self) -> &'static str {
        match self {
            Self::Breach => "warns",
            Self::NoData | Self::Error => self.now(),
        }
    }
}

fn step_ended(message: &Message, mood: Mood) -> String {
    let Some(report) = &message.first_step else { return "step".to_owned() };
    let outcome = match (report.outcome, mood) {
        (None, _) => "under way".to_owned(),
        (Some(outcome), Mood::Fact) => outcome.as_str().to_owned(),
        (Some(outcome), Mood::Rehearsed) => format!("would be {outcome}"),
    };
    format!("step {}: {outcome}", report.step)
}

/// `remediated by step restart`.
fn helped(message: &Message) -> String {
    let Some(report) = &message.first_step else { return "is verified".to_owned() };
    match report.remedy {
        Some(Remedy::Remediated) => format!("is remediated by step {}", report.step),
        _ => format!("is not remediated by step {}", report.step),
    }
}

/// Why this is sent, in one or two sentences; where nothing was measured, the reason comes first.
pub(super) fn lead(message: &Message, mood: Mood) -> String {
    let owner = &message.facts.owner;
    let matter = matter(&message.facts);
    let lead = match (message.kind, mood) {
        (MessageKind::Handoff, Mood::Fact) => {
            format!("{matter} {} This incident is now {owner}'s.", first_step_in_short(message, mood))
        }
        (MessageKind::Handoff, Mood::Rehearsed) => {
            format!("{matter} {} This incident would then be {owner}'s.", first_step_in_short(message, mood))
        }
        (MessageKind::Overdue, _) => {
            format!("{matter} Its first step has not ended in time: it may still run or may hang.")
        }
        (MessageKind::Warning, _) => match State::of(&message.facts) {
            State::Breach => {
                let monitor = &message.facts.monitor;
                format!("{monitor} is not in breach, but not well either. No incident is open and nothing was done.")
            }
            State::NoData | State::Error => format!("{matter} No incident is open and nothing was done."),
        },
        (MessageKind::Reminder, _) => {
            format!("{matter} This incident is still open, and nobody has acknowledged it.")
        }
        (MessageKind::Spread, _) => {
            format!(
                "{matter} This series has joined an incident that is open already: no other first step runs for it."
            )
        }
        (MessageKind::Escalation, _) if message.note.is_some() => {
            format!("{matter} {owner} owns this incident.")
        }
        (MessageKind::Escalation, _) => {
            format!("{matter} Nobody of {owner} has acknowledged this incident in time, so you are told.")
        }
        (MessageKind::Step, Mood::Fact) => "A step of the runbook has ended.".to_owned(),
        (MessageKind::Step, Mood::Rehearsed) => "A step of the runbook would end.".to_owned(),
        (MessageKind::Verified, _) => match message.first_step.as_ref().and_then(|report| report.remedy) {
            Some(Remedy::Remediated) => format!("It {}.", helped(message)),
            _ => format!("{matter} It {}.", helped(message)),
        },
        (MessageKind::Approval, _) => {
            format!("{matter} A later step of its runbook waits for your agreement. Without it, it does not run.")
        }
        (MessageKind::Acknowledged, _) => String::new(),
        (MessageKind::Test, _) => {
            "This is a test of the channel. Nothing has happened, and nothing is to be done.".to_owned()
        }
        (MessageKind::Resolved, _) if message.next_steps.is_empty() => "This incident is over.".to_owned(),
        (MessageKind::Resolved, _) => "This incident is over, but not everything is as it was.".to_owned(),
        (MessageKind::Digest, _) => {
            format!("{} messages at once; the worst comes first.", message.digest.len())
        }
        (MessageKind::Report, _) => message.facts.description.clone(),
        (MessageKind::Alarm, _) => {
            let reason = message.facts.worst().and_then(reason).unwrap_or("no reason is known");
            format!("Watchkeeper cannot do its work: {reason}.")
        }
    };
    one_line(&format!("{lead} {}", message.note.as_deref().unwrap_or_default()))
}

/// `loan-auc is in breach.`, or `loan-auc has no data: 3 rows in the window, at least 100 needed.`
fn matter(facts: &Facts) -> String {
    let state = State::of(facts);
    let verb = if matches!(state, State::Breach) { "is " } else { "" };
    let reason = facts.worst().and_then(reason).map(|reason| format!(": {}", reason.trim_end_matches('.')));
    format!("{} {verb}{}{}.", facts.monitor, state.now(), reason.unwrap_or_default())
}

fn is_verified_later(message: &Message) -> bool {
    message.first_step.as_ref().is_some_and(|report| report.remedy == Some(Remedy::Verifying))
}

fn first_step_in_short(message: &Message, mood: Mood) -> &'static str {
    match (message.first_step.as_ref().map(|report| report.outcome), mood) {
        (None, _) => "No first step ran.",
        (Some(None), _) => "The first step is under way.",
        (Some(Some(Outcome::Done)), Mood::Fact) if is_verified_later(message) => {
            "The first step was done; whether it helps is being looked at, and you are told."
        }
        (Some(Some(Outcome::Done)), Mood::Fact) => "The first step was done.",
        (Some(Some(Outcome::Done)), Mood::Rehearsed) => "The first step would be done.",
        (Some(Some(Outcome::Failed)), _) => "The first step failed.",
        (Some(Some(Outcome::Unknown)), _) => "It is not known whether the first step ran.",
        (Some(Some(Outcome::Withheld)), Mood::Fact) => "The first step was withheld.",
        (Some(Some(Outcome::Withheld)), Mood::Rehearsed) => "The first step would be withheld.",
    }
}
