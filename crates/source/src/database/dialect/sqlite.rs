//! SQLite's SQL. A column there may hold anything, so functions of ours read it strictly: `watch_number`, `watch_integer`,
//! `watch_time` (as text) and `watch_micros`. A fifth, `watch_ln`, is there whether SQLite was built with its own or not.

use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast;
use datafusion::sql::unparser::Unparser;
use datafusion::sql::unparser::dialect::{
    CharacterLengthStyle, DateFieldExtractStyle, Dialect, DistinctFromStyle, SqliteDialect,
};
use watchkeeper_engine::ports::frame::Span;

use super::Measured;
use crate::database::column::Form;
use crate::time::ceil_micros;

pub(super) fn plain(form: Form, column: &str) -> String {
    match form {
        Form::Number => format!("watch_number({column})"),
        Form::Integer | Form::Flag => format!("watch_integer({column})"),
        Form::Text | Form::Other => format!("CAST({column} AS TEXT)"),
        Form::Zoned | Form::Naive | Form::Date => format!("watch_time({column})"),
    }
}

pub(super) fn micros(plain: &str) -> String {
    format!("watch_micros({plain})")
}

pub(super) fn number(form: Form, plain: &str) -> String {
    match form {
        Form::Zoned | Form::Naive | Form::Date => format!("CAST({} AS REAL)", micros(plain)),
        Form::Text | Form::Other => "NULL".to_owned(),
        Form::Number | Form::Integer | Form::Flag => format!("CAST({plain} AS REAL)"),
    }
}

pub(super) fn within(column: &str, span: Span) -> Vec<String> {
    let start = span.start.map(|start| format!("watch_micros({column}) >= {}", ceil_micros(start)));
    let end = span.end.map(|end| format!("watch_micros({column}) < {}", ceil_micros(end)));
    start.into_iter().chain(end).collect()
}

pub(super) fn literal(number: f64) -> String {
    match number {
        number if number.is_finite() => format!("{number:?}"),
        number if number > 0.0 => "9e999".to_owned(),
        _ => "-9e999".to_owned(),
    }
}

pub(super) fn histogram(column: Measured, edges: &[f64]) -> String {
    let value = column.value();
    let reached: Vec<String> = edges.iter().map(|edge| format!("({value} >= {})", literal(*edge))).collect();
    let bin = if reached.is_empty() { "0".to_owned() } else { reached.join(" + ") };
    format!(
        "(SELECT json_group_array(json_array(bin, n)) FROM (SELECT {bin} AS bin, count(*) AS n FROM measured \
         WHERE {value} IS NOT NULL GROUP BY bin))"
    )
}

pub(super) fn top(form: Form, group: &str, limit: u32) -> String {
    // A float's own text has 15 digits only.
    let shown = if form == Form::Number { "printf('%!.17g', g)" } else { "CAST(g AS TEXT)" };
    format!(
        "(SELECT json_group_array(json_array({shown}, n)) FROM (SELECT {group} AS g, count(*) AS n \
         FROM measured WHERE {group} IS NOT NULL GROUP BY g ORDER BY n DESC, g LIMIT {limit}))"
    )
}

/// Planned queries for SQLite, which knows no NaN.
pub(super) struct Unparsed;

impl Dialect for Unparsed {
    fn supports_qualify(&self) -> bool {
        false
    }

    fn identifier_quote_style(&self, _: &str) -> Option<char> {
        Some('"')
    }

    fn date_field_extract_style(&self) -> DateFieldExtractStyle {
        DateFieldExtractStyle::Strftime
    }

    fn date32_cast_dtype(&self) -> ast::DataType {
        ast::DataType::Text
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
        match (name, args) {
            ("isnan", [arg]) => {
                let value = Box::new(ast::Expr::Nested(Box::new(unparser.expr_to_sql(arg)?)));
                let test = ast::Expr::BinaryOp { left: value.clone(), op: ast::BinaryOperator::NotEq, right: value };
                Ok(Some(ast::Expr::Nested(Box::new(test))))
            }
            _ => SqliteDialect {}.scalar_function_to_sql_overrides(unparser, name, args),
        }
    }
}
