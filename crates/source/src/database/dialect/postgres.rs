//! PostgreSQL's SQL.

pub(super) mod functions;
mod pattern;

use chrono::DateTime;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast;
use datafusion::sql::unparser::Unparser;
use datafusion::sql::unparser::dialect::{Dialect, DistinctFromStyle, IntervalStyle};
use watchkeeper_engine::ports::frame::Span;

use super::Measured;
use crate::database::column::Form;
use crate::database::pushed::text;
use crate::time::ceil_micros;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Texts are compared by their bytes, as everywhere else, not by the database's language.
const BYTEWISE: &str = "COLLATE \"C\"";

pub(super) fn plain(form: Form, column: &str) -> String {
    match form {
        Form::Number => format!("{column}::float8"),
        Form::Integer => format!("{column}::int8"),
        Form::Text | Form::Other => format!("{column}::text {BYTEWISE}"),
        Form::Flag => format!("{column}::bool"),
        Form::Zoned => format!("{column}::timestamptz"),
        Form::Naive => format!("{column}::timestamp"),
        Form::Date => format!("{column}::date"),
    }
}

/// Endless times lie at the ends of what can be counted.
pub(super) fn micros(plain: &str) -> String {
    format!(
        "CASE WHEN {plain} IS NULL THEN NULL WHEN isfinite({plain}) THEN (extract(epoch FROM {plain}) * 1000000)::int8 \
         WHEN {plain} > 'epoch' THEN 9223372036854775807 ELSE -9223372036854775807 - 1 END"
    )
}

pub(super) fn number(form: Form, plain: &str) -> String {
    match form {
        Form::Number => format!("nullif({plain}, 'NaN'::float8)"),
        Form::Integer => format!("{plain}::float8"),
        Form::Flag => format!("{plain}::int::float8"),
        Form::Zoned | Form::Naive | Form::Date => format!("({})::float8", micros(plain)),
        Form::Text | Form::Other => "NULL::float8".to_owned(),
    }
}

pub(super) fn within(form: Form, column: &str, span: Span) -> Vec<String> {
    let (side, cast) = match form {
        Form::Naive => (column.to_owned(), "timestamp"),
        // A day belongs to the span when its midnight does.
        Form::Date => (column.to_owned(), "date"),
        Form::Zoned => (column.to_owned(), "timestamptz"),
        _ => (functions::time_of_text(column), "timestamptz"),
    };
    let zone = if cast == "timestamptz" { "+00" } else { "" };
    let whole_days = |micros: i64| if cast == "date" { -(-micros).div_euclid(DAY) * DAY } else { micros };
    let bound = |micros: i64| match DateTime::from_timestamp_micros(micros) {
        Some(time) => format!("'{}{zone}'::{cast}", time.format("%Y-%m-%d %H:%M:%S%.6f")),
        None => format!("'{}infinity'::{cast}", if micros < 0 { "-" } else { "" }),
    };
    let start = span.start.map(|start| format!("{side} >= {}", bound(whole_days(ceil_micros(start)))));
    let end = span.end.map(|end| format!("{side} < {}", bound(whole_days(ceil_micros(end)))));
    start.into_iter().chain(end).collect()
}

pub(super) fn literal(number: f64) -> String {
    let text = if number.is_finite() { format!("{number:?}") } else { shown_infinity(number).to_owned() };
    format!("'{text}'::float8")
}

fn shown_infinity(number: f64) -> &'static str {
    if number > 0.0 { "Infinity" } else { "-Infinity" }
}

/// The values that the quantiles of a column lie between, found in one sort. They are interpolated here: its own way
/// differs in the last digit, and a value beside an edge falls into another bin by that.
pub(super) fn ranked(column: Measured, shares: &[f64]) -> (String, String) {
    let value = column.value();
    let n = format!("(SELECT count({value}) FROM measured)");
    let at = |place: String| format!("(({place}) + 0.5) / nullif({n}, 0)");
    let neighbours = shares.iter().flat_map(|share| {
        let below = format!("floor({} * ({n} - 1)::float8)", literal(*share));
        [at(below.clone()), at(format!("least({below} + 1, {n} - 1)"))]
    });
    let places = neighbours.collect::<Vec<_>>().join(", ");
    let query =
        format!("SELECT percentile_disc(ARRAY[{places}]::float8[]) WITHIN GROUP (ORDER BY {value}) AS q FROM measured");
    (format!("ranked{}", column.number), query)
}

pub(super) fn quantile(column: Measured, place: usize) -> Vec<String> {
    let neighbour = |number: usize| format!("(SELECT q[{}] FROM ranked{})", 2 * place + number, column.number);
    vec![format!("count({})", column.value()), neighbour(1), neighbour(2)]
}

pub(super) fn histogram(column: Measured, edges: &[f64]) -> String {
    let value = column.value();
    let from = edges.iter().map(|edge| format!("count(*) FILTER (WHERE {value} >= {})", literal(*edge)));
    let counts: Vec<String> = [format!("count({value})")].into_iter().chain(from).collect();
    format!("array_to_json(ARRAY[{}])::text", counts.join(", "))
}

pub(super) fn top(group: &str, limit: u32) -> String {
    format!(
        "(SELECT coalesce(json_agg(json_build_array(g::text, n))::text, '[]') FROM (SELECT {group} \
         AS g, count(*) AS n FROM measured WHERE {group} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}) AS groups)"
    )
}

/// The least float whose square is not 0.
const LEAST_SQUARED: f64 = 1.571_727_784_702_628_8e-162;

/// A result that is too small for a float is 0; PostgreSQL makes an error of it.
pub(super) fn square(of: &str) -> String {
    format!("(CASE WHEN abs({of}) < {} THEN 0 ELSE ({of}) * ({of}) END)", literal(LEAST_SQUARED))
}

/// The same of a quotient, whose divisor is above 0.
pub(super) fn relative(of: &str, to: &str) -> String {
    let least = literal(f64::from_bits(1));
    format!("(CASE WHEN {to} >= 1 AND ({of}) < {to} * {least} THEN 0 ELSE ({of}) / ({to}) END)")
}

/// A literal of a planned query.
pub(super) fn time_literal(micros: i64, form: Form) -> String {
    let cast = match form {
        Form::Zoned => "timestamptz",
        Form::Date => "date",
        _ => "timestamp",
    };
    let zone = if form == Form::Zoned { "+00" } else { "" };
    match DateTime::from_timestamp_micros(micros) {
        Some(time) => format!("'{}{zone}'::{cast}", time.format("%Y-%m-%d %H:%M:%S%.6f")),
        None => format!("'{}infinity'::{cast}", if micros < 0 { "-" } else { "" }),
    }
}

/// Planned queries for PostgreSQL.
pub(super) struct Unparsed;

impl Dialect for Unparsed {
    fn use_array_keyword_for_array_literals(&self) -> bool {
        true
    }

    fn supports_qualify(&self) -> bool {
        false
    }

    fn requires_derived_table_alias(&self) -> bool {
        true
    }

    fn identifier_quote_style(&self, _: &str) -> Option<char> {
        Some('"')
    }

    fn interval_style(&self) -> IntervalStyle {
        IntervalStyle::PostgresVerbose
    }

    fn float64_ast_dtype(&self) -> ast::DataType {
        ast::DataType::DoublePrecision
    }

    fn int8_cast_dtype(&self) -> ast::DataType {
        ast::DataType::SmallInt(None)
    }

    fn distinct_from_style(&self) -> DistinctFromStyle {
        DistinctFromStyle::FullText
    }

    fn scalar_function_to_sql_overrides(
        &self,
        unparser: &Unparser<'_>,
        name: &str,
        args: &[Expr],
    ) -> Result<Option<ast::Expr>> {
        text(unparser, name, args)
    }
}

#[cfg(test)]
mod tests {
    use super::LEAST_SQUARED;

    #[test]
    fn the_least_square_is_the_least() {
        let square = |number: f64| number * number;
        assert!(square(LEAST_SQUARED) > 0.0);
        assert_eq!(square(LEAST_SQUARED.next_down()), 0.0);
    }
}
