//! Values people type: times, hashes and kinds of file.

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use watchkeeper_author::Language;
use watchkeeper_config::FileKind;
use watchkeeper_model::{Matcher, Role, Time};

/// Reads an RFC 3339 time, cut to microseconds as the store keeps it, or a date as its midnight UTC.
pub(super) fn time(text: &str) -> Result<Time, String> {
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc().trunc_subsecs(6))
        .ok()
        .or_else(date)
        .ok_or_else(|| "write a time as 2026-01-31T06:00:00Z or a date as 2026-01-31 (midnight UTC)".to_owned())
}

/// Reads a matcher of a silence.
pub(super) fn matcher(text: &str) -> Result<Matcher, String> {
    Matcher::parse(text).map_err(|error| error.to_string())
}

/// Reads a length of time as it is written in the configuration; nothing is as long as nothing.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let length = watchkeeper_config::duration(text)?;
    if length.is_zero() { Err("it must be longer than nothing".to_owned()) } else { Ok(length) }
}

/// Reads a kind of file by its word; `--help` lists the words.
pub(super) fn file_kind() -> impl TypedValueParser<Value = FileKind> {
    PossibleValuesParser::new(FileKind::ALL.map(|(_, word)| word)).try_map(|given| {
        let kind = FileKind::ALL.iter().find(|(_, word)| *word == given).map(|(kind, _)| *kind);
        kind.ok_or_else(|| format!("there is no kind of file `{given}`"))
    })
}

/// Reads a language by its word; `--help` lists the words.
pub(super) fn language() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(Language::ALL.map(Language::as_str))
        .try_map(|given| Language::parse(&given).ok_or_else(|| format!("there is no language `{given}`")))
}

/// Reads a role by its word; `--help` lists the words.
pub(super) fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str))
        .try_map(|given| Role::parse(&given).ok_or_else(|| format!("there is no role `{given}`")))
}

/// Reads a ledger hash: 64 hex digits.
pub(super) fn hash(text: &str) -> Result<String, String> {
    let hex = text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
    if hex { Ok(text.to_ascii_lowercase()) } else { Err("a ledger head is 64 hex digits".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_whatever_their_offset() {
        let written = ["2026-01-31T06:00:00Z", "2026-01-31T07:00:00+01:00"];
        let read: Vec<String> = written.iter().map(|text| time(text).unwrap().to_rfc3339()).collect();
        assert_eq!(read, ["2026-01-31T06:00:00+00:00"; 2]);
    }

    #[test]
    fn what_is_finer_than_a_microsecond_is_cut_off() {
        let read = time("2026-01-31T06:00:00.123456789Z").unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), "2026-01-31T06:00:00.123456Z");
    }

    #[test]
    fn a_date_is_its_midnight() {
        assert_eq!(time("2026-01-31").unwrap().to_rfc3339(), "2026-01-31T00:00:00+00:00");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["yesterday", "2026-02-30", "06:00", ""] {
            assert!(time(text).is_err(), "{text:?} passed for a time");
        }
        assert!(hash(&"g".repeat(64)).is_err());
        assert!(hash("00").is_err());
        assert_eq!(hash(&"A".repeat(64)).unwrap(), "a".repeat(64));
    }
}
