//! The words of many messages at once: one line each, the worst first.

use watchkeeper_model::Message;

use super::{Heading, Mood, NextLine, Wording, cut, lead};

/// How many messages a digest lists; the rest is counted.
const LISTED_MAX: usize = 20;
/// How long the worst one's subject may be in the digest's.
const SUBJECT_CHARS_MAX: usize = 110;

/// Finds the words for a digest.
pub(super) fn wording(message: &Message, mood: Mood) -> Wording {
    let all = &message.digest;
    let mut listed: Vec<String> = all.iter().take(LISTED_MAX).map(|message| lead::subject(message, mood)).collect();
    if all.len() > LISTED_MAX {
        listed.push(format!("and {} more", all.len() - LISTED_MAX));
    }
    let worst = cut(listed.first().map(String::as_str).unwrap_or_default(), SUBJECT_CHARS_MAX);
    let see = |what: &str, command: &str| NextLine { what: what.to_owned(), command: Some(command.to_owned()) };
    let newest = all.iter().map(|message| message.facts.at).max().unwrap_or(message.facts.at);
    Wording {
        subject: format!("{} messages, the worst: {worst}", all.len()),
        drill: all.iter().all(|message| message.facts.drill).then_some(super::DRILL),
        lead: lead::lead(message, mood),
        listing: Heading::Messages,
        measured: listed,
        act: None,
        next: vec![
            see("See every incident that is open", "watchkeeper incidents"),
            see("See what was done in each", "watchkeeper handoffs"),
        ],
        about: vec![("At", newest.format("%F %T UTC").to_string())],
        ledger_head: Wording::head_of(message),
    }
}
