//! Functions and casts that give in SQLite what they give here: nearly all of them are ours.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::Operator;

/// How a function is written; the error is what is wrong with its arguments, or none where it has no equal.
pub(crate) fn function(name: &str, texts: &[Option<String>]) -> Result<String, Option<String>> {
    let arguments: Vec<String> = (0..texts.len()).map(|place| format!("{{{place}}}")).collect();
    let arguments = arguments.join(", ");
    match (name, texts.len()) {
        ("coalesce" | "nullif" | "abs" | "replace" | "ltrim" | "rtrim", _) => Ok(format!("{name}({arguments})")),
        ("btrim", 1) => Ok("trim({0})".to_owned()),
        ("character_length", 1) => Ok("length({0})".to_owned()),
        ("isnan", 1) => Ok("({0} <> {0})".to_owned()),
        ("ln" | "exp" | "sqrt" | "log10" | "log2" | "ceil" | "floor" | "trunc" | "round" | "lower" | "upper", 1)
        | ("power" | "regexp_like" | "starts_with" | "strpos", 2)
        | ("substr", 2 | 3)
        | ("regexp_replace", 3 | 4) => Ok(format!("watch_{name}({arguments})")),
        _ => Err(None),
    }
}

/// How a cast is written; none where the two would differ.
pub(crate) fn cast(from: &DataType, to: &DataType) -> Option<&'static str> {
    use DataType::{Boolean, Date32, Timestamp, Utf8};
    Some(match (from, to) {
        (from, to) if from.is_integer() && to.is_integer() => "{0}",
        (from, to) if from.is_floating() && to.is_integer() => "watch_whole(watch_trunc({0}))",
        (from, DataType::Decimal128(..)) if from.is_numeric() => return None,
        (from, to) if from.is_numeric() && to.is_floating() => "CAST({0} AS REAL)",
        (from, Utf8) if from.is_integer() => "CAST({0} AS TEXT)",
        (Boolean, Utf8) => "(CASE WHEN {0} THEN 'true' WHEN NOT {0} THEN 'false' END)",
        (Boolean, to) if to.is_integer() => "{0}",
        (Boolean, to) if to.is_floating() => "CAST({0} AS REAL)",
        (from, Boolean) if from.is_integer() => "({0} <> 0)",
        (Utf8, to) if to.is_floating() => "watch_parsed_number({0})",
        (Utf8, to) if to.is_integer() => "watch_parsed_integer({0})",
        (Utf8, Timestamp(..)) => "watch_micros({0})",
        (Timestamp(..) | Date32, Timestamp(..)) => "{0}",
        (Utf8, Date32) => "watch_day(watch_micros({0}))",
        (Timestamp(..), Date32) => "watch_day({0})",
        _ => return None,
    })
}

/// How two numbers are calculated with, where SQLite's own way differs; the error names what it cannot do.
pub(crate) fn arithmetic(
    operator: Operator,
    one: &DataType,
    other: &DataType,
) -> Result<Option<&'static str>, &'static str> {
    match operator {
        _ if !(one.is_numeric() && other.is_numeric()) => Err("arithmetic with times"),
        // Its own gives null for a division by 0.
        Operator::Divide => Ok(Some("watch_divided({0}, {1})")),
        Operator::Modulo => Ok(Some("watch_remainder({0}, {1})")),
        Operator::Plus => Ok(Some("watch_calculated({0} + {1}, {0}, {1})")),
        Operator::Minus => Ok(Some("watch_calculated({0} - {1}, {0}, {1})")),
        Operator::Multiply => Ok(Some("watch_calculated({0} * {1}, {0}, {1})")),
        _ => Ok(None),
    }
}
