//! SQLite's SQL. A column there may hold anything, so functions of ours read it strictly, and its times are microseconds
//! since 1970 from there on.

pub(super) mod functions;

use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast;
use datafusion::sql::unparser::Unparser;
use datafusion::sql::unparser::dialect::{CharacterLengthStyle, Dialect, DistinctFromStyle};
use watchkeeper_engine::ports::frame::Span;

use super::Measured;
use crate::database::column::Form;
use crate::database::pushed::text;
use crate::time::ceil_micros;

pub(super) fn plain(form: Form, column: &str) -> String {
    match form {
        Form::Number => format!("watch_number({column})"),
        Form::Integer | Form::Flag => format!("watch_integer({column})"),
        Form::Text | Form::Other => format!("CAST({column} AS TEXT)"),
        Form::Zoned | Form::Naive | Form::Date => format!("watch_micros({column})"),
    }
}

/// A column of a query that was planned here; what it gives is plain but for the width of numbers.
pub(super) fn planned(form: Form, column: &str) -> String {
    match form {
        Form::Integer => format!("watch_whole({column})"),
        Form::Number => format!("watch_number({column})"),
        _ => column.to_owned(),
    }
}

pub(super) fn number(form: Form, plain: &str) -> String {
    match form {
        Form::Zoned | Form::Naive | Form::Date => format!("CAST({plain} AS REAL)"),
        Form::Text | Form::Other => "NULL".to_owned(),
        Form::Number | Form::Integer | Form::Flag => format!("CAST({plain} AS REAL)"),
    }
}

/// On a column of microseconds.
pub(super) fn within(column: &str, span: Span) -> Vec<String> {
    let start = span.start.map(|start| format!("{column} >= {}", ceil_micros(start)));
    let end = span.end.map(|end| format!("{column} < {}", ceil_micros(end)));
    start.into_iter().chain(end).collect()
}

pub(super) fn literal(number: f64) -> String {
    match number {
        number if number.is_infinite() => if number > 0.0 { "9e999" } else { "-9e999" }.to_owned(),
        // What has few digits is read as it is written; of others SQLite's own reading may be off by the last one.
        number if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:?}"),
        number => format!("watch_float({})", number.to_bits().cast_signed()),
    }
}

pub(super) fn histogram(column: Measured, edges: &[f64]) -> String {
    let value = column.value();
    let from = edges.iter().map(|edge| format!("count(CASE WHEN {value} >= {} THEN 1 END)", literal(*edge)));
    let counts: Vec<String> = [format!("count({value})")].into_iter().chain(from).collect();
    // A function of SQLite's takes a hundred arguments only.
    format!("'[' || {} || ']'", counts.join(" || ',' || "))
}

pub(super) fn top(form: Form, group: &str, limit: u32) -> String {
    // A float's own text has 15 digits only.
    let shown = if form == Form::Number { "printf('%!.17g', g)" } else { "CAST(g AS TEXT)" };
    format!(
        "(SELECT json_group_array(json_array({shown}, n)) FROM (SELECT {group} AS g, count(*) AS n \
         FROM measured WHERE {group} IS NOT NULL GROUP BY g ORDER BY n DESC, g LIMIT {limit}))"
    )
}

/// Planned queries for SQLite.
pub(super) struct Unparsed;

impl Dialect for Unparsed {
    fn supports_qualify(&self) -> bool {
        false
    }

    fn identifier_quote_style(&self, _: &str) -> Option<char> {
        Some('"')
    }

    fn character_length_style(&self) -> CharacterLengthStyle {
        CharacterLengthStyle::Length
    }

    fn distinct_from_style(&self) -> DistinctFromStyle {
        DistinctFromStyle::FullText
    }

    fn supports_column_alias_in_table_alias(&self) -> bool {
        false
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
