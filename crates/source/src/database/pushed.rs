//! Queries over frames in a database: planned here over the columns, so that names and types are checked and nothing
//! but reading is possible, then written in the database's own SQL and run there.

mod rewrite;
mod written;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::TableReference;
use datafusion::datasource::empty::EmptyTable;
use datafusion::sql::unparser::Unparser;

use super::column::{Form, Native};
use super::dialect::Dialect;
use crate::fault::reason;
use rewrite::rewritten;
pub(crate) use written::text;

use crate::session::{SQL_PARTS, Sessions};
use crate::sql::read_only;

/// A table that a query may name.
pub(crate) struct Input<'a> {
    pub(crate) name: &'a str,
    pub(crate) columns: &'a [Native],
    /// The query that gives its rows, in the database's SQL.
    pub(crate) query: String,
}

/// A query in the database's SQL.
pub(crate) struct Translated {
    pub(crate) query: String,
    pub(crate) columns: Vec<Native>,
}

/// Writes a query over some tables in the database's SQL.
pub(crate) async fn translate(
    sessions: &Sessions,
    dialect: Dialect,
    tables: &[Input<'_>],
    sql: &str,
) -> Result<Translated, String> {
    let context = sessions.context(SQL_PARTS);
    for table in tables {
        let empty = Arc::new(EmptyTable::new(Arc::new(planned_schema(table.columns))));
        let registered = context.register_table(TableReference::bare(table.name), empty);
        registered.map_err(|error| format!("the SQL cannot be planned: {}", reason(&error)))?;
    }
    let plan = read_only(&context, sql).await?.logical_plan().clone();
    // Types are settled here, so that no database settles them in its own way.
    let state = context.state();
    let plan = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {});
    let plan = plan.map_err(|error| format!("the SQL cannot be planned: {}", reason(&error)))?;
    let columns = plan.schema().fields().iter().map(|field| native(field)).collect();
    let written = rewritten(dialect, plan).and_then(|plan| {
        let unparsing = dialect.unparsing();
        Ok(Unparser::new(unparsing.as_ref()).plan_to_sql(&plan)?.to_string())
    });
    let written = written.map_err(|error| {
        format!(
            "the SQL cannot be written for this database: {}; use plainer SQL, or the source's own `query`",
            // A plan's operator is shown with all that it holds.
            reason(&error).split('(').next().unwrap_or_default()
        )
    })?;
    let named = tables.iter().map(|table| format!("{} AS ({})", dialect.quote(table.name), table.query));
    Ok(Translated { query: format!("WITH {} {written}", named.collect::<Vec<_>>().join(", ")), columns })
}

fn planned_schema(columns: &[Native]) -> Schema {
    let field = |column: &Native| Field::new(&column.name, planned_type(column.form), column.nullable);
    Schema::new(columns.iter().map(field).collect::<Vec<_>>())
}

/// What a form is in SQL: what is only counted is a text.
fn planned_type(form: Form) -> DataType {
    if form == Form::Other { DataType::Utf8 } else { form.arrow() }
}

fn native(field: &Field) -> Native {
    Native {
        name: field.name().clone(),
        type_name: field.data_type().to_string(),
        nullable: field.is_nullable(),
        form: Form::of_arrow(field.data_type()),
    }
}
