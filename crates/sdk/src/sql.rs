//! Names and texts as SQL writes them, for the queries that a check puts to a frame.

use crate::{Field, Kind};

/// A column's name, quoted so that every name is allowed: `"net income"`.
pub fn name(column: &str) -> String {
    format!("\"{}\"", column.replace('"', "\"\""))
}

/// A text, quoted so that nothing in it is SQL: `'it''s'`.
pub fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A column of numbers, integers or flags (as 1 and 0), read as a double; NaN is null.
pub fn number(field: &Field) -> String {
    let column = name(&field.name);
    match field.kind {
        Kind::Flag => format!("CASE WHEN {column} THEN 1.0 WHEN NOT {column} THEN 0.0 END"),
        Kind::Number => format!("CASE WHEN isnan({column}) THEN NULL ELSE CAST({column} AS DOUBLE) END"),
        _ => format!("CAST({column} AS DOUBLE)"),
    }
}

/// A column of times; times written as text (RFC 3339) are read as such, UTC where they name no zone. Microseconds reach
/// from the year -290000 to the year 290000.
pub fn time(field: &Field) -> String {
    let column = name(&field.name);
    match field.kind {
        Kind::Text => format!("CAST({column} AS TIMESTAMP(6))"),
        _ => column,
    }
}

/// A moment in microseconds since 1970 UTC, such as the tick: `CAST('2024-01-01T00:00:00.000000Z' AS TIMESTAMP(6) WITH TIME ZONE)`.
pub fn moment(micros: i64) -> String {
    let (days, of_day) = (micros.div_euclid(MICROSECONDS_A_DAY), micros.rem_euclid(MICROSECONDS_A_DAY));
    let (year, month, day) = date(days);
    let (seconds, micros) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!(
        "CAST('{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z' AS TIMESTAMP(6) WITH TIME ZONE)"
    )
}

const MICROSECONDS_A_DAY: i64 = 86_400_000_000;

/// Year, month and day of a day since 1970, by the calendar's eras of 400 years that begin with a March.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(name("a\"b"), "\"a\"\"b\"");
        assert_eq!(text("it's'; --"), "'it''s''; --'");
    }

    #[test]
    fn moments_are_written_in_utc() {
        let cases = [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (1_704_067_199_500_000, "2023-12-31T23:59:59.500000Z"),
        ];
        for (micros, expected) in cases {
            assert_eq!(moment(micros), format!("CAST('{expected}' AS TIMESTAMP(6) WITH TIME ZONE)"));
        }
    }

    #[test]
    fn flags_are_numbers_too() {
        let field = Field { name: "ok".to_owned(), kind: Kind::Flag, data_type: "Boolean".to_owned(), nullable: true };
        assert_eq!(number(&field), "CASE WHEN \"ok\" THEN 1.0 WHEN NOT \"ok\" THEN 0.0 END");
    }
}
