//! Values people type: times and hashes.

use chrono::{DateTime, NaiveDate, NaiveTime};
use watchkeeper_model::Time;

/// Reads an RFC 3339 time, or a date as its midnight UTC.
pub(super) fn time(text: &str) -> Result<Time, String> {
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .ok()
        .or_else(date)
        .ok_or_else(|| "write a time as 2026-01-31T06:00:00Z or a date as 2026-01-31 (midnight UTC)".to_owned())
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
