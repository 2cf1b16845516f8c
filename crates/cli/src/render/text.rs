//! Text that came from outside, made harmless for a terminal.

use chrono::SecondsFormat;
use watchkeeper_model::{Time, is_hidden};

/// The text with every control character written out (`\u{1b}`), so that data cannot move the cursor, set a title or
/// pretend to be another line.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// The same over several lines: line ends stay.
pub(crate) fn harmless_lines(text: &str) -> String {
    text.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
}

/// RFC 3339 UTC, to the second: people need no more.
pub(crate) fn utc(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// RFC 3339 UTC, or a hyphen.
pub(crate) fn utc_or_hyphen(time: Option<Time>) -> String {
    time.map_or_else(|| "-".to_owned(), utc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_written_out() {
        assert_eq!(harmless("a\u{1b}[31mb\nc\u{9b}d"), "a\\u{1b}[31mb\\u{a}c\\u{9b}d");
    }

    #[test]
    fn text_that_reverses_itself_is_written_out() {
        assert_eq!(harmless("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn people_read_times_to_the_second() {
        let time = Time::from_timestamp_micros(1_767_225_600_999_999).unwrap();
        assert_eq!(utc(time), "2026-01-01T00:00:00Z");
        assert_eq!(utc_or_hyphen(None), "-");
    }

    #[test]
    fn other_text_stays() {
        assert_eq!(harmless("Größe – 日本"), "Größe – 日本");
        assert_eq!(harmless_lines("one\ntwo\r"), "one\ntwo\\u{d}");
    }
}
