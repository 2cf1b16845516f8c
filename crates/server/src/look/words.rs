//! Words that several pages use.

use watchkeeper_model::{Guarantee, SeriesReport, Step, is_hidden, number, reading};

/// `2 incidents`, `1 incident`.
pub(crate) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    }
}

/// `is` or `are`.
pub(crate) fn are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// What may be counted on, as a sentence.
pub(crate) fn guarantee(guarantee: Guarantee) -> (&'static str, &'static str) {
    match guarantee {
        Guarantee::Local => ("Exactly once.", "The effect and its record are one transaction."),
        Guarantee::Guarded => {
            ("Effectively once.", "After a crash the same request is sent again, and the peer knows it.")
        }
        Guarantee::Probe => ("At most once, looked for.", "After a crash our mark is looked for at the peer."),
        Guarantee::Once => {
            ("At most once.", "After a crash it is not repeated; its outcome is then UNKNOWN and yours to settle.")
        }
    }
}

/// The same in a few words.
pub(crate) fn guarantee_short(of: Guarantee) -> String {
    guarantee(of).0.trim_end_matches('.').to_lowercase()
}

/// Whether a step may be taken back, and how.
pub(crate) fn undo(step: &Step) -> String {
    match step.way_back() {
        Ok(how) => format!("Yes: {how}."),
        Err(why) => format!("No: {why}."),
    }
}

/// `0.929`, in as many digits as tell it from its limit.
pub(crate) fn value(report: &SeriesReport) -> Option<String> {
    let past = report.excess.map(|excess| excess.by.abs());
    report.value.map(|value| reading(value, past))
}

/// A number without a limit.
pub(crate) fn plain(value: f64) -> String {
    number(value, 4)
}

/// A text that is shown on one line, cut where it is too long.
pub(crate) fn cut(text: &str, chars: usize) -> String {
    let clean = |c: char| if is_hidden(c) { ' ' } else { c };
    if text.chars().count() <= chars {
        return text.chars().map(clean).collect();
    }
    text.chars().map(clean).take(chars.saturating_sub(1)).chain(['…']).collect()
}

/// With a capital at the beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A number of rows, as this machine counts.
pub(crate) fn small(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
