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
        Form::Date => (format!("{column}::timestamp"), "timestamp"),
        Form::Zoned => (column.to_owned(), "timestamptz"),
        _ => (functions::time_of_text(column), "timestamptz"),
    };
    let zone = if cast == "timestamp" { "" } else { "+00" };
    let bound = |micros: i64| match DateTime::from_timestamp_micros(micros) {
        Some(time) => format!("'{}{zone}'::{cast}", time.format("%Y-%m-%d %H:%M:%S%.6f")),
        None => format!("'{}infinity'::{cast}", if micros < 0 { "-" } else { "" }),
    };
    let start = span.start.map(|start| format!("{side} >= {}", bound(ceil_micros(start))));
    let end = span.end.map(|end| format!("{side} < {}", bound(ceil_micros(end))));
    start.into_iter().chain(end).collect()
}

pub(super) fn literal(number: f64) -> String {
    let text = if number.is_finite() { format!("{number:?}") } else { shown_infinity(number).to_owned() };
    format!("'{text}'::float8")
}

fn shown_infinity(number: f64) -> &'static str {
    if number > 0.0 { "Infinity" } else { "-Infinity" }
}

/// Interpolated, and the value at a neighbouring row for where there is nothing to interpolate between infinities.
pub(super) fn quantile(column: Measured, share: f64) -> Vec<String> {
    let within = format!("({}) WITHIN GROUP (ORDER BY {})", literal(share), column.value());
    vec![format!("percentile_cont{within}"), format!("percentile_disc{within}")]
}

pub(super) fn histogram(column: Measured, edges: &[f64]) -> String {
    let value = column.value();
    let edges: Vec<String> = edges.iter().map(|edge| literal(*edge)).collect();
    format!(
        "(SELECT coalesce(json_agg(json_build_array(bin, n))::text, '[]') FROM (SELECT width_bucket({value}, \
         ARRAY[{}]::float8[]) AS bin, count(*) AS n FROM measured WHERE {value} IS NOT NULL GROUP BY 1) AS bins)",
        edges.join(", ")
    )
}

pub(super) fn top(group: &str, limit: u32) -> String {
    format!(
        "(SELECT coalesce(json_agg(json_build_array(g::text, n))::text, '[]') FROM (SELECT {group} \
         AS g, count(*) AS n FROM measured WHERE {group} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}) AS groups)"
    )
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
