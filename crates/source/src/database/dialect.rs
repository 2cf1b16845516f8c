//! How each database writes what is asked of it; one file a database.

mod postgres;
mod ranked;
mod sqlite;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::sql::unparser::dialect::Dialect as Unparsing;
use watchkeeper_engine::ports::frame::Span;

use super::column::Form;
use crate::time::utc_micros;

/// A kind of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Postgres,
    Sqlite,
}

/// A column within an aggregate statement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// `k0` is its value, `v0` the same as a float without NaN, `p0` the mean of all `v0`.
    pub(crate) number: usize,
    pub(crate) form: Form,
}

impl Measured {
    pub(crate) fn key(self) -> String {
        format!("k{}", self.number)
    }

    pub(crate) fn value(self) -> String {
        format!("v{}", self.number)
    }

    pub(crate) fn pivot(self) -> String {
        format!("p{}", self.number)
    }
}

impl Dialect {
    /// A name, quoted.
    pub(crate) fn quote(self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// A table's name, quoted; a dot divides the schema from the table.
    pub(crate) fn quote_path(self, path: &str) -> String {
        let quoted = path.split('.').map(|part| self.quote(part)).collect::<Vec<_>>().join(".");
        match self {
            // A view's input may bear the name of the table that it is, and SQLite takes it for itself.
            Self::Sqlite if !path.contains('.') => format!("main.{quoted}"),
            _ => quoted,
        }
    }

    /// A column in the one type that its form is read in.
    pub(crate) fn plain(self, form: Form, column: &str) -> String {
        match self {
            Self::Postgres => postgres::plain(form, column),
            Self::Sqlite => sqlite::plain(form, column),
        }
    }

    /// A plain column as it comes over the wire: times in microseconds since 1970 UTC.
    pub(crate) fn wire(self, form: Form, plain: &str) -> String {
        match self {
            _ if !form.is_time() => plain.to_owned(),
            Self::Postgres => postgres::micros(plain),
            Self::Sqlite => plain.to_owned(),
        }
    }

    /// A plain column as a float without NaN; times in microseconds.
    pub(crate) fn number(self, form: Form, plain: &str) -> String {
        match self {
            Self::Postgres => postgres::number(form, plain),
            Self::Sqlite => sqlite::number(form, plain),
        }
    }

    /// A time that an aggregate over a column gives, as a float of microseconds; none where the column's own order is not
    /// the order of times.
    pub(crate) fn extreme(self, form: Form, aggregate: &str) -> Option<String> {
        match self {
            Self::Postgres if form.is_time() => Some(format!("({})::float8", postgres::micros(aggregate))),
            Self::Postgres | Self::Sqlite => None,
        }
    }

    /// The conditions that keep the rows of a span, on a column of the table itself.
    pub(crate) fn within(self, form: Form, column: &str, planned: bool, span: Span) -> Vec<String> {
        match self {
            Self::Postgres => postgres::within(form, column, span),
            Self::Sqlite if planned && form.is_time() => sqlite::within(column, span),
            Self::Sqlite => {
                let exact = sqlite::within(&format!("watch_micros({column})"), span);
                sqlite::near(column, span).into_iter().chain(exact).collect()
            }
        }
    }

    /// What equal values are grouped by.
    pub(crate) fn group(self, column: Measured) -> String {
        match column.form {
            Form::Number => column.value(),
            Form::Zoned | Form::Naive | Form::Date => self.wire(column.form, &column.key()),
            _ => column.key(),
        }
    }

    /// A float as it stands in SQL.
    pub(crate) fn literal(self, number: f64) -> String {
        match self {
            Self::Postgres => postgres::literal(number),
            Self::Sqlite => sqlite::literal(number),
        }
    }

    /// The square of a float.
    pub(crate) fn square(self, of: &str) -> String {
        match self {
            Self::Postgres => postgres::square(of),
            Self::Sqlite => format!("(({of}) * ({of}))"),
        }
    }

    /// The size of one float in units of another's, which is above 0.
    pub(crate) fn relative(self, of: &str, to: &str) -> String {
        match self {
            Self::Postgres => postgres::relative(of, to),
            Self::Sqlite => format!("(({of}) / ({to}))"),
        }
    }

    /// The natural logarithm of a float above 0.
    pub(crate) fn logarithm(self, of: &str) -> String {
        match self {
            Self::Postgres => format!("ln({of})"),
            Self::Sqlite => format!("watch_ln({of})"),
        }
    }

    /// An integer of any size as text.
    pub(crate) fn digits(self, of: &str) -> String {
        format!("CAST({of} AS TEXT)")
    }

    /// What makes a table of a statement be read once, however often it is named.
    pub(crate) fn materialized(self) -> &'static str {
        match self {
            // It does so where it is named twice.
            Self::Postgres => "",
            Self::Sqlite => "MATERIALIZED ",
        }
    }

    /// How many values there are, and the two that a quantile lies between; `place` is the share's among the column's.
    pub(crate) fn quantile(self, column: Measured, share: f64, place: usize) -> Vec<String> {
        match self {
            Self::Postgres => postgres::quantile(column, place),
            Self::Sqlite => ranked::quantile(column, share),
        }
    }

    /// How many values there are and how many from each edge on, as a JSON array: one scan answers all of them.
    pub(crate) fn histogram(self, column: Measured, edges: &[f64]) -> String {
        match self {
            Self::Postgres => postgres::histogram(column, edges),
            Self::Sqlite => sqlite::histogram(column, edges),
        }
    }

    /// The most frequent values, as a JSON array of `[text, count]`.
    pub(crate) fn top(self, column: Measured, limit: u32) -> String {
        match self {
            Self::Postgres => postgres::top(&self.group(column), limit),
            Self::Sqlite => sqlite::top(column.form, &self.group(column), limit),
        }
    }

    /// More tables that a statement needs beside `measured`: names and queries.
    pub(crate) fn ranks(self, columns: &[(Measured, Vec<f64>)]) -> Vec<(String, String)> {
        match self {
            Self::Postgres => columns.iter().map(|(column, shares)| postgres::ranked(*column, shares)).collect(),
            Self::Sqlite => columns.iter().map(|(column, _)| ranked::table(*column)).collect(),
        }
    }

    /// A column of a planned query in the one type that its form is read in.
    pub(crate) fn planned(self, form: Form, column: &str) -> String {
        match self {
            Self::Postgres => postgres::plain(form, column),
            Self::Sqlite => sqlite::planned(form, column),
        }
    }

    /// As people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }

    /// How a function of a planned query is written, with `{0}`, `{1}` and so on for its arguments, of which some are
    /// texts. The error is what is wrong with them, or none where the function has no equal.
    pub(crate) fn function(self, name: &str, texts: &[Option<String>]) -> Result<String, Option<String>> {
        match self {
            Self::Postgres => postgres::functions::function(name, texts),
            Self::Sqlite => sqlite::functions::function(name, texts),
        }
    }

    /// How a cast of a planned query is written; none where it would give something else.
    pub(crate) fn cast(self, from: &DataType, to: &DataType) -> Option<&'static str> {
        match self {
            Self::Postgres => postgres::functions::cast(from, to),
            Self::Sqlite => sqlite::functions::cast(from, to),
        }
    }

    /// How arithmetic of a planned query is written where it differs; the error names what there is no equal for.
    pub(crate) fn arithmetic(
        self,
        operator: Operator,
        one: &DataType,
        other: &DataType,
    ) -> Result<Option<&'static str>, &'static str> {
        match self {
            Self::Postgres => Ok(None),
            Self::Sqlite => sqlite::functions::arithmetic(operator, one, other),
        }
    }

    /// A time as it stands in a planned query.
    pub(crate) fn time_literal(self, time: &ScalarValue) -> datafusion::error::Result<Option<String>> {
        let micros = match time.cast_to(&utc_micros())? {
            ScalarValue::TimestampMicrosecond(Some(micros), _) => micros,
            _ => return Ok(None),
        };
        Ok(Some(match self {
            Self::Postgres => postgres::time_literal(micros, Form::of_arrow(&time.data_type())),
            Self::Sqlite => micros.to_string(),
        }))
    }

    /// How a planned query is written.
    pub(crate) fn unparsing(self) -> Box<dyn Unparsing> {
        match self {
            Self::Postgres => Box::new(postgres::Unparsed),
            Self::Sqlite => Box::new(sqlite::Unparsed),
        }
    }
}
