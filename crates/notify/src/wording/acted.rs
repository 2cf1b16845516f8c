//! How a step ended, said plainly.

use watchkeeper_model::{Outcome, StepReport, Time};

use super::Mood;

/// One sentence; what is not known is never said as success or failure, and what is rehearsed never as done.
pub(super) fn ended(report: &StepReport, mood: Mood) -> String {
    match (report.outcome, mood) {
        (Some(Outcome::Done), Mood::Rehearsed) => "It would be done.".to_owned(),
        (Some(Outcome::Withheld), Mood::Rehearsed) => "It would be withheld: not attempted.".to_owned(),
        (outcome, _) => ended_in_fact(outcome, report),
    }
}

fn ended_in_fact(outcome: Option<Outcome>, report: &StepReport) -> String {
    match outcome {
        Some(Outcome::Done) => format!("Done{}.", at(report.finished_at)),
        Some(Outcome::Failed) => format!("Failed{}.", at(report.finished_at)),
        Some(Outcome::Unknown) => "UNKNOWN: it may have run or may yet run. Look before you repeat it.".to_owned(),
        Some(Outcome::Withheld) => "Withheld: it was not attempted.".to_owned(),
        None if report.started_at.is_some() => format!("Not ended. Begun{}.", at(report.started_at)),
        None => "Not ended.".to_owned(),
    }
}

fn at(time: Option<Time>) -> String {
    time.map(|time| format!(" at {}", time.format("%F %T UTC"))).unwrap_or_default()
}
