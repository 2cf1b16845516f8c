//! Rows within a database before anything is read: a table, a query, or a view of ours, with its columns.

use std::sync::Arc;

use watchkeeper_engine::ports::frame::{FrameError, Span};
use watchkeeper_model::{DatabaseRows, DatabaseSource, Name};

use super::Database;
use super::column::{Native, schema};
use super::dialect::Dialect;
use super::pushed::{Input, Translated, translate};
use crate::fault::refused;
use crate::session::Sessions;
use crate::shape::Shape;

/// What stands after FROM, and the columns it has.
#[derive(Debug)]
pub(crate) struct Relation {
    /// A quoted table, or a query in parentheses.
    pub(crate) from: String,
    pub(crate) columns: Vec<Native>,
    /// Index of the column that windows are cut on.
    pub(crate) time: Option<usize>,
    /// Whether it is a query that was planned here.
    planned: bool,
}

/// A source in a database, looked at but not read.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) shape: Arc<Shape>,
    pub(crate) relation: Arc<Relation>,
}

impl Relation {
    /// The query for some columns of the rows in a span, each under the name given; at least one column.
    pub(crate) fn select(&self, dialect: Dialect, columns: &[(usize, String)], span: Span) -> String {
        let column = |(index, name): &(usize, String)| {
            let native = &self.columns[*index];
            let column = dialect.quote(&native.name);
            let plain = match self.planned {
                true => dialect.planned(native.form, &column),
                false => dialect.plain(native.form, &column),
            };
            format!("{plain} AS {name}")
        };
        let list = if columns.is_empty() { vec!["1 AS one".to_owned()] } else { columns.iter().map(column).collect() };
        let filter = self.filter(dialect, span);
        format!("SELECT {} FROM {} AS source_rows{filter}", list.join(", "), self.from)
    }

    /// An expression for the least or greatest value of a column of times, where the database's own index can give it.
    pub(crate) fn extreme(&self, dialect: Dialect, index: usize, of: &str, span: Span) -> Option<String> {
        let native = &self.columns[index];
        let found = dialect.extreme(native.form, &format!("{of}({})", dialect.quote(&native.name)))?;
        Some(format!("(SELECT {found} FROM {} AS source_rows{})", self.from, self.filter(dialect, span)))
    }

    fn filter(&self, dialect: Dialect, span: Span) -> String {
        let bounds = self.time.map_or_else(Vec::new, |time| {
            let native = &self.columns[time];
            dialect.within(native.form, &dialect.quote(&native.name), self.planned, span)
        });
        if bounds.is_empty() { String::new() } else { format!(" WHERE {}", bounds.join(" AND ")) }
    }

    /// The query for all columns of the rows in a span, under their own names.
    pub(crate) fn select_all(&self, dialect: Dialect, span: Span) -> String {
        let all: Vec<_> = self.columns.iter().map(|column| dialect.quote(&column.name)).enumerate().collect();
        self.select(dialect, &all, span)
    }
}

impl Opened {
    /// Looks at the columns of a source in a database.
    pub(crate) async fn source(
        name: &str,
        time_column: Option<&str>,
        source: &DatabaseSource,
        database: &Database,
    ) -> Result<Self, FrameError> {
        let dialect = database.dialect();
        let (from, columns) = match &source.rows {
            DatabaseRows::Table(table) => (dialect.quote_path(table), database.columns_of_table(table).await?),
            DatabaseRows::Query(query) => {
                let columns = database.columns_of_query(query).await?;
                return Self::of_query(name, time_column, query, columns, database);
            }
        };
        Self::new(name, time_column, from, columns, database, false)
    }

    /// The rows of a query that was planned here.
    pub(crate) fn of_planned(
        name: &str,
        time_column: Option<&str>,
        translated: Translated,
        database: &Database,
    ) -> Result<Self, FrameError> {
        let from = format!("({}\n)", translated.query);
        Self::new(name, time_column, from, translated.columns, database, true)
    }

    /// The rows of a query in the database's own SQL.
    fn of_query(
        name: &str,
        time_column: Option<&str>,
        query: &str,
        columns: Vec<Native>,
        database: &Database,
    ) -> Result<Self, FrameError> {
        // The line's end closes a comment at the end of the query.
        Self::new(name, time_column, format!("({query}\n)"), columns, database, false)
    }

    fn new(
        name: &str,
        time_column: Option<&str>,
        from: String,
        columns: Vec<Native>,
        database: &Database,
        planned: bool,
    ) -> Result<Self, FrameError> {
        let mut shape = Shape::new(name, Arc::new(schema(&columns)), time_column)?;
        for (field, column) in shape.fields.iter_mut().zip(&columns) {
            field.data_type.clone_from(&column.type_name);
        }
        let relation = Relation { from, columns, time: shape.time, planned };
        Ok(Self { database: database.clone(), shape: Arc::new(shape), relation: Arc::new(relation) })
    }
}

/// A view over sources of one database: its SQL runs there.
pub(crate) async fn join_in_database(
    name: &str,
    time_column: Option<&str>,
    sql: &str,
    inputs: &[(&Name, Opened)],
    sessions: &Sessions,
) -> Result<Opened, FrameError> {
    let Some((_, first)) = inputs.first() else { return Err(refused(name, "its SQL reads no source")) };
    let dialect = first.database.dialect();
    let tables: Vec<Input<'_>> = inputs
        .iter()
        .map(|(input, opened)| Input {
            name: input.as_str(),
            columns: &opened.relation.columns,
            query: opened.relation.select_all(dialect, Span::default()),
        })
        .collect();
    let translated = translate(sessions, dialect, &tables, sql).await.map_err(|what| refused(name, what))?;
    Opened::of_planned(name, time_column, translated, &first.database)
}
