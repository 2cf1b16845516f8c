//! The words of a report: its headline, its figures, and a line for everything that is open, done or left behind.

use watchkeeper_model::{Message, Report};

use super::{Heading, LINE_CHARS_MAX, NextLine, Wording, cut, one_line};

/// Lines that a message lists, at most; the page has all of them.
const LISTED_MAX: usize = 40;

/// Finds the words for a report.
pub(super) fn wording(message: &Message, report: &Report) -> Wording {
    let all = report.lines();
    let mut listed: Vec<String> =
        all.iter().take(LISTED_MAX).map(|line| cut(&one_line(line), LINE_CHARS_MAX)).collect();
    if all.len() > LISTED_MAX {
        listed.push(format!("and {} more lines", all.len() - LISTED_MAX));
    }
    let team = report.team.as_ref().map_or_else(String::new, |team| format!(" --team {team}"));
    let command = format!("watchkeeper digest{team} --until {}", report.to.format("%FT%TZ"));
    let span = format!("{} to {}", report.from.format("%F %R"), report.to.format("%F %R UTC"));
    Wording {
        subject: one_line(&format!("{}: {}", message.facts.monitor, report.headline())),
        drill: None,
        lead: one_line(&format!("{} {}", report.headline(), message.note.as_deref().unwrap_or_default())),
        listing: Heading::Messages,
        measured: listed,
        act: None,
        next: vec![NextLine { what: "See all of it".to_owned(), command: Some(command) }],
        about: [("Time", span)].into_iter().chain(Wording::page_of(message)).collect(),
        ledger_head: Wording::head_of(message),
    }
}
