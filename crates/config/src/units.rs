//! Durations, sizes, percentages and times as people write them, read without rounding or overflow.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime};
use watchkeeper_model::{InputWindow, Time};

const DURATIONS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];
const SIZES: &[(&str, u64)] = &[
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];
/// A hundred years: longer ones are slips, and would leave the calendar.
const DURATION_MS_MAX: u64 = 100 * 366 * 86_400_000;

/// Reads `day`, `week`, `month`, or a duration.
pub(crate) fn window(text: &str) -> Result<InputWindow, String> {
    match text {
        "day" => Ok(InputWindow::Day),
        "week" => Ok(InputWindow::Week),
        "month" => Ok(InputWindow::Month),
        _ => duration(text).map(InputWindow::Length),
    }
}

/// Reads `30s`, `14d`, `1h30m`, `250ms`; the units are ms, s, m, h, d and w.
pub fn duration(text: &str) -> Result<Duration, String> {
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = whole_number(rest).ok_or_else(|| format!("`{text}` is not a duration"))?;
        let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let factor = unit(&after[..unit_end], DURATIONS).ok_or_else(|| match &after[..unit_end] {
            "" => format!("`{text}` is not a duration: `{number}` has no unit"),
            unknown => format!("`{text}` is not a duration: there is no unit `{unknown}`"),
        })?;
        let part = number.checked_mul(factor).and_then(|part| total.checked_add(part));
        total = part
            .filter(|total| *total <= DURATION_MS_MAX)
            .ok_or_else(|| format!("`{text}` is longer than 100 years"))?;
        rest = &after[unit_end..];
    }
    if text.is_empty() { Err("an empty text is not a duration".to_owned()) } else { Ok(Duration::from_millis(total)) }
}

/// Reads `64MiB`, `1GiB`, `500KB` into bytes.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size");
    let (number, unit_text) = whole_number(text).ok_or_else(wrong)?;
    let factor = unit(unit_text.trim_start(), SIZES).ok_or_else(wrong)?;
    number.checked_mul(factor).ok_or_else(|| format!("`{text}` is larger than any machine"))
}

/// Reads `5%` or `0.5%` into a fraction: 0.05, 0.005.
pub fn percentage(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is not a percentage");
    let digits = text.strip_suffix('%').ok_or_else(wrong)?.trim_end();
    let plain =
        digits.chars().all(|c| c.is_ascii_digit() || c == '.') && digits.starts_with(|c: char| c.is_ascii_digit());
    // Dividing the written number once gives the float nearest to the fraction: "5%" is 0.05 exactly as written.
    let number: f64 = digits.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
    Some(number / 100.0).filter(|fraction| fraction.is_finite()).ok_or_else(wrong)
}

/// Reads an RFC 3339 time, or a date, which is its midnight UTC.
pub fn time(text: &str) -> Result<Time, String> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(date.and_time(NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| format!("`{text}` is not a time with a zone"))
}

/// Splits off leading digits; `None` without any, or past 64 bits.
fn whole_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn unit(name: &str, units: &[(&str, u64)]) -> Option<u64> {
    units.iter().find(|(known, _)| *known == name).map(|(_, factor)| *factor)
}

/// Reads a time of the day, `09:00`; `24:00` is its end.
pub(crate) fn clock(text: &str) -> Result<NaiveTime, String> {
    let end = NaiveTime::from_hms_milli_opt(23, 59, 59, 999).filter(|_| text == "24:00");
    let read = || NaiveTime::parse_from_str(text, "%H:%M").ok();
    end.or_else(read).ok_or_else(|| format!("`{text}` is not a time of the day"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let seconds = |text| duration(text).map(|d| d.as_secs_f64());
        assert_eq!(seconds("30s"), Ok(30.0));
        assert_eq!(seconds("14d"), Ok(14.0 * 86_400.0));
        assert_eq!(seconds("1h30m"), Ok(5_400.0));
        assert_eq!(seconds("250ms"), Ok(0.25));
        assert_eq!(seconds("0s"), Ok(0.0));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "30",
            "s",
            "30 s",
            "-3s",
            "1.5h",
            "30sec",
            "18446744073709551616s",
            "18446744073709551615w",
            "101w1d999999999999d",
            "3µs",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_and_percentages_are_exact() {
        assert_eq!(size("64MiB"), Ok(67_108_864));
        assert_eq!(size("1 GiB"), Ok(1_073_741_824));
        assert_eq!(size("5KB"), Ok(5_000));
        assert_eq!(percentage("5%"), Ok(0.05));
        assert_eq!(percentage("0.5%"), Ok(0.005));
        assert_eq!(percentage("150 %"), Ok(1.5));
        for text in ["64", "MiB", "64mib", "18446744073709551615GiB", "1.5MiB"] {
            assert!(size(text).is_err(), "{text}");
        }
        for text in ["5", "%", "-5%", "1e3%", ".5%", "1.2.3%", "inf%"] {
            assert!(percentage(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_needs_a_zone_and_a_date_is_its_midnight() {
        assert_eq!(time("2026-03-01").unwrap(), time("2026-03-01T01:00:00+01:00").unwrap());
        assert!(time("2026-03-01T01:00:00").is_err());
    }
}
