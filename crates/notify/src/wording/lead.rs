//! The subject line and the opening sentences of a message.

use watchkeeper_model::{Facts, Message, MessageKind, Outcome, SeriesReport, Verdict};

use super::{cut, number, one_line};

/// A subject longer than this is cut; mail clients and phones show less.
const SUBJECT_CHARS_MAX: usize = 140;

/// The kind's word in JSON: `handoff`.
pub(crate) fn kind_word(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Handoff => "handoff",
        MessageKind::Overdue => "overdue",
        MessageKind::Warning => "warning",
        MessageKind::Reminder => "reminder",
        MessageKind::Escalation => "escalation",
        MessageKind::Step => "step",
        MessageKind::Resolved => "resolved",
    }
}

/// `loan-auc in breach: auc 0.592603, limit: below 0.6`.
pub(super) fn subject(message: &Message) -> String {
    let facts = &message.facts;
    let drill = if facts.drill { "[drill] " } else { "" };
    let what = what_happened(message);
    let number = facts.worst().filter(|_| says_the_number(message.kind)).map(in_subject).unwrap_or_default();
    let others = facts.series.len().saturating_sub(1) + facts.more_series;
    let number = if number.is_empty() || others == 0 { number } else { format!("{number} and {others} more") };
    cut(&one_line(&format!("{drill}{} {what}{number}", facts.monitor)), SUBJECT_CHARS_MAX)
}

fn what_happened(message: &Message) -> String {
    match message.kind {
        MessageKind::Handoff => state_of(&message.facts).to_owned(),
        MessageKind::Overdue => "first step is overdue".to_owned(),
        MessageKind::Warning => match worst_verdict(&message.facts) {
            Verdict::Ok | Verdict::Warn | Verdict::Breach => "warns".to_owned(),
            Verdict::NoData => "has no data".to_owned(),
            Verdict::Error => "cannot be checked".to_owned(),
        },
        MessageKind::Reminder => format!("still {}, not acknowledged", state_of(&message.facts)),
        MessageKind::Escalation => format!("{}, escalated to you", state_of(&message.facts)),
        MessageKind::Step => step_ended(message),
        MessageKind::Resolved => "resolved".to_owned(),
    }
}

fn says_the_number(kind: MessageKind) -> bool {
    !matches!(kind, MessageKind::Step | MessageKind::Resolved)
}

fn in_subject(report: &SeriesReport) -> String {
    let value = report.value.map(|value| format!(" {}", number(value))).unwrap_or_default();
    let limit = if report.limit.is_empty() { String::new() } else { format!(", limit: {}", report.limit) };
    format!(": {}{value}{limit}", report.series)
}

/// An incident is a breach, unless the check broke since.
fn state_of(facts: &Facts) -> &'static str {
    match worst_verdict(facts) {
        Verdict::Ok | Verdict::Warn | Verdict::Breach => "in breach",
        Verdict::NoData => "without data",
        Verdict::Error => "with a broken check",
    }
}

fn worst_verdict(facts: &Facts) -> Verdict {
    facts.worst().map_or(Verdict::Breach, |report| report.verdict)
}

fn step_ended(message: &Message) -> String {
    let Some(report) = &message.first_step else { return "step".to_owned() };
    let outcome = report.outcome.map_or("under way", Outcome::as_str);
    format!("step {}: {outcome}", report.step)
}

/// Why this is sent, in one or two sentences.
pub(super) fn lead(message: &Message) -> String {
    let Facts { monitor, owner, .. } = &message.facts;
    match message.kind {
        MessageKind::Handoff => format!(
            "{monitor} is {}. {} This incident is now {owner}'s.",
            state_of(&message.facts),
            first_step_in_short(message)
        ),
        MessageKind::Overdue => {
            format!(
                "{monitor} is {}, and its first step has not ended in time. It may still run or may hang.",
                state_of(&message.facts)
            )
        }
        MessageKind::Warning => {
            format!("{monitor} is not in breach, but not well either. No incident is open and nothing was done.")
        }
        MessageKind::Reminder => "This incident is still open, and nobody has acknowledged it.".to_owned(),
        MessageKind::Escalation => {
            format!("Nobody of {owner} has acknowledged this incident in time, so you are told.")
        }
        MessageKind::Step => "A later step of the runbook has ended.".to_owned(),
        MessageKind::Resolved => "This incident is over.".to_owned(),
    }
}

fn first_step_in_short(message: &Message) -> &'static str {
    match message.first_step.as_ref().map(|report| report.outcome) {
        None => "No first step ran.",
        Some(None) => "The first step is under way.",
        Some(Some(Outcome::Done)) => "The first step was done.",
        Some(Some(Outcome::Failed)) => "The first step failed.",
        Some(Some(Outcome::Unknown)) => "It is not known whether the first step ran.",
        Some(Some(Outcome::Withheld)) => "The first step was withheld.",
    }
}
