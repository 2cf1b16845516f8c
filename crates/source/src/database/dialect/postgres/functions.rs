//! Functions and casts that give in PostgreSQL what they give here, and how they are written there.

use datafusion::arrow::datatypes::DataType;

use super::pattern;

/// Letters fold by Unicode's own rules, whatever the database's language is.
const UNICODE: &str = "COLLATE \"und-x-icu\"";

/// PostgreSQL takes `yesterday` and `infinity` for times as well.
macro_rules! text_as_time {
    () => {
        "(CASE WHEN {0} ~ '^ *[0-9]{4,}-[0-9]{2}-[0-9]{2}' THEN {0} ELSE 'not a time: ' || {0} END)"
    };
}
/// How a function is written. The error is what is wrong with its arguments, or none where it has no equal.
pub(crate) fn function(name: &str, texts: &[Option<String>]) -> Result<String, Option<String>> {
    let same = || {
        let arguments: Vec<String> = (0..texts.len()).map(|place| format!("{{{place}}}")).collect();
        Ok(format!("{name}({})", arguments.join(", ")))
    };
    match (name, texts) {
        (
            "abs" | "ceil" | "floor" | "sqrt" | "exp" | "ln" | "coalesce" | "nullif" | "btrim" | "ltrim" | "rtrim"
            | "substr" | "replace" | "concat" | "starts_with" | "strpos" | "date_trunc" | "date_part" | "power",
            _,
        )
        | ("trunc", [_]) => same(),
        ("character_length", [_]) => Ok("length({0})".to_owned()),
        ("log10", [_]) => Ok("log({0})".to_owned()),
        // Its own rounds halves to the even number.
        ("round", [_]) => {
            Ok("(CASE WHEN abs({0} - trunc({0})) >= 0.5 THEN trunc({0}) + sign({0}) ELSE trunc({0}) END)".to_owned())
        }
        ("lower" | "upper", [_]) => Ok(format!("({name}({{0}} {UNICODE}) COLLATE \"C\")")),
        ("isnan", [_]) => Ok("({0} = 'NaN'::float8)".to_owned()),
        ("regexp_like", [_, Some(pattern)]) => Ok(format!("({{0}} ~ {})", matcher(pattern)?)),
        ("regexp_replace", [_, Some(pattern), Some(with), flags @ ..]) => {
            let global = matches!(flags, [Some(flags)] if flags == "g");
            if !pattern::is_plain(pattern) || with.contains(['\\', '$']) || !(global || flags.is_empty()) {
                return Err(Some("PostgreSQL replaces by other rules; use a plainer pattern and text".to_owned()));
            }
            let flags = if global { ", 'g'" } else { "" };
            Ok(format!("regexp_replace({{0}}, {}, {}{flags})", matcher(pattern)?, quoted(with)))
        }
        ("regexp_like" | "regexp_replace", _) => {
            Err(Some(format!("{name} needs a pattern that stands in the query, and no flags; write (?i) into it")))
        }
        _ => Err(None),
    }
}

/// How a cast is written; none where the two would differ.
pub(crate) fn cast(from: &DataType, to: &DataType) -> Option<&'static str> {
    use DataType::{Boolean, Date32, Timestamp, Utf8};
    Some(match (from, to) {
        (from, to) if from.is_integer() && to.is_integer() => "({0})::int8",
        (from, to) if from.is_floating() && to.is_integer() => "trunc({0})::int8",
        (from, to) if from.is_numeric() && to.is_floating() => "({0})::float8",
        (from, DataType::Decimal128(..)) if from.is_numeric() => return None,
        (from, Utf8) if from.is_integer() => "(({0})::text COLLATE \"C\")",
        (Boolean, Utf8) => "(({0})::text COLLATE \"C\")",
        (Boolean, to) if to.is_integer() => "({0})::int::int8",
        (Boolean, to) if to.is_floating() => "({0})::int::float8",
        (from, Boolean) if from.is_integer() => "({0} <> 0)",
        (Utf8, to) if to.is_floating() => "({0})::float8",
        (Utf8, to) if to.is_integer() => "({0})::int8",
        (Utf8, Timestamp(_, None)) => concat!("(", text_as_time!(), "::timestamptz AT TIME ZONE 'UTC')"),
        (Utf8, Timestamp(_, Some(_))) => concat!(text_as_time!(), "::timestamptz"),
        (Utf8, Date32) => concat!(text_as_time!(), "::date"),
        (Timestamp(_, None), Timestamp(_, None)) | (Timestamp(_, Some(_)), Timestamp(_, Some(_))) => "{0}",
        (Timestamp(..), Timestamp(..)) => "({0} AT TIME ZONE 'UTC')",
        (Timestamp(..), Date32) => "({0})::date",
        (Date32, Timestamp(_, None)) => "({0})::timestamp",
        (Date32, Timestamp(_, Some(_))) => "(({0})::timestamp AT TIME ZONE 'UTC')",
        _ => return None,
    })
}

/// A text column read as times with zones.
pub(super) fn time_of_text(column: &str) -> String {
    concat!(text_as_time!(), "::timestamptz").replace("{0}", column)
}

fn matcher(pattern: &str) -> Result<String, Option<String>> {
    pattern::advanced(pattern).map(|pattern| quoted(&pattern)).map_err(Some)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
