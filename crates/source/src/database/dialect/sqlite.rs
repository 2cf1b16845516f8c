//! SQLite's SQL. A column there may hold anything, so functions of ours read it strictly, and its times are microseconds
//! since 1970 from there on.

pub(super) mod functions;

use chrono::{DateTime, Datelike, TimeDelta};
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

/// What is near a span, by a column's own values, so that an index on it is of use: texts that begin with a day, seconds
/// since 1970, Julian days, and whatever is no time, which is told when it is read. None where there is nothing to cut.
pub(super) fn near(column: &str, span: Span) -> Option<String> {
    let (start, end) = (span.start.map(ceil_micros), span.end.map(ceil_micros));
    if start.is_none() && end.is_none() {
        return None;
    }
    // Zones are less than a day away.
    let day = |micros: i64, away: i64| {
        let time = DateTime::from_timestamp_micros(micros)?.checked_add_signed(TimeDelta::days(away))?;
        (0..=9_999).contains(&time.year()).then(|| format!("'{}'", time.format("%Y-%m-%d")))
    };
    let first = start.map_or_else(|| Some(BEFORE_DIGITS.to_owned()), |start| day(start, -2))?;
    let last = end.map_or_else(|| Some("':'".to_owned()), |end| day(end, 2))?;
    let seconds = |micros: i64| micros.div_euclid(1_000_000);
    let julian = |micros: i64| micros.div_euclid(DAY) + JULIAN_1970;
    let numbers = match (start, end) {
        (Some(start), Some(end)) => format!(
            "{column} BETWEEN {} AND {} OR {column} BETWEEN {} AND {}",
            seconds(start) - 1,
            seconds(end) + 1,
            julian(start) - 2,
            julian(end) + 2
        ),
        // A number is less than any text.
        (Some(start), None) => format!("({column} >= {} AND {column} < '')", seconds(start).min(julian(start)) - 2),
        (None, end) => format!("{column} <= {}", end.map_or(0, |end| seconds(end).max(julian(end)) + 2)),
    };
    Some(format!(
        "(({column} >= {first} AND {column} < {last}) OR {numbers} OR ({column} >= '' AND {column} < {BEFORE_DIGITS}) OR \
         {column} >= ':')"
    ))
}

/// After every text that begins before the digits do. A column of numbers would take a text that is one for a number.
const BEFORE_DIGITS: &str = "'/\u{10ffff}'";

/// Microseconds of a day, and the Julian day that 1970-01-01 begins in.
const DAY: i64 = 86_400_000_000;
const JULIAN_1970: i64 = 2_440_587;

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

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{Span, near, within};
    use crate::database::sqlite::add_functions;

    /// The same instants as texts in several zones, as seconds and as Julian days; a null, and a text that is none.
    fn table() -> Connection {
        let connection = Connection::open_in_memory().expect("a database");
        add_functions(&connection).expect("functions");
        let script = "create table t (at timestamp, is_time int default 1); create index i on t (at);
            with recursive h(n) as (select 0 union all select n + 1 from h where n < 2000)
            insert into t (at) select strftime('%Y-%m-%dT%H:%M:%SZ', '2023-12-20', n || ' hours') from h union all
              select strftime('%Y-%m-%d %H:%M:%f', '2023-12-20', n || ' hours') from h union all
              select strftime('%Y-%m-%dT%H:%M:%S', '2023-12-20', (n + 14) || ' hours') || '+14:00' from h union all
              select strftime('%Y-%m-%dT%H:%M:%S', '2023-12-20', (n - 12) || ' hours') || '-12:00' from h union all
              select cast(strftime('%s', '2023-12-20', n || ' hours') as integer) from h union all
              select julianday('2023-12-20', n || ' hours') from h union all select null;
            analyze;";
        connection.execute_batch(script).expect("a table");
        connection
    }

    fn span(start: &str, end: &str) -> Span {
        let time = |text: &str| (!text.is_empty()).then(|| text.parse().expect("a time"));
        Span { start: time(start), end: time(end) }
    }

    #[test]
    fn an_index_finds_what_every_row_would_tell() {
        let table = table();
        for (start, end) in [
            ("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"),
            ("2024-01-31T23:30:00.5Z", "2024-02-29T00:00:00Z"),
            ("2024-01-01T00:00:00Z", ""),
            ("", "2024-01-01T00:00:00Z"),
        ] {
            let span = span(start, end);
            let exact = within("watch_micros(at)", span).join(" and ");
            let near = near("at", span).expect("there is something to cut");
            let count = |condition: &str| {
                let sql = format!("select count(*) from t where {condition}");
                table.query_row(&sql, [], |row| row.get::<_, i64>(0)).expect("counted")
            };
            let (all, found) = (count(&exact), count(&format!("{near} and {exact}")));
            assert!(all > 5, "{start} {end}");
            assert_eq!(found, all, "{start} {end}");
            let plan = format!("explain query plan select sum(is_time) from t where {near} and {exact}");
            let mut plan = table.prepare(&plan).expect("a plan");
            let plan: Vec<String> =
                plan.query_map([], |row| row.get(3)).expect("a plan").collect::<Result<_, _>>().expect("lines");
            let plan = plan.join("\n");
            // Half a table is read as well without one.
            let is_short = end == "2024-01-01T01:00:00Z";
            assert!(!is_short || (plan.contains("MULTI-INDEX OR") && !plan.contains("SCAN t")), "{plan}");
        }
    }

    #[test]
    fn what_is_no_time_is_told_wherever_it_stands() {
        let table = table();
        for stray in ["'soon'", "' yesterday'", "x'00'"] {
            table.execute_batch(&format!("insert into t values ({stray}, 0)")).expect("inserted");
            let span = span("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z");
            let condition =
                [near("at", span).expect("a cut"), within("watch_micros(at)", span).join(" and ")].join(" and ");
            let counted =
                table.query_row(&format!("select count(*) from t where {condition}"), [], |row| row.get::<_, i64>(0));
            assert!(counted.is_err(), "{stray}");
            table.execute_batch("delete from t where is_time = 0").expect("deleted");
        }
    }
}
