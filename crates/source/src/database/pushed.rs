//! Queries over frames in a database: planned here over the columns, so that names and types are checked and nothing
//! but reading is possible, then written in the database's own SQL and run there.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::DFSchema;
use datafusion::common::TableReference;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::DataFusionError;
use datafusion::functions::math::trunc;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use datafusion::sql::unparser::Unparser;

use super::column::{Form, Native};
use super::dialect::Dialect;
use crate::fault::reason;
use crate::session::{SQL_PARTS, Sessions, read_only};

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
        let empty = Arc::new(EmptyTable::new(Arc::new(planned_schema(dialect, table.columns))));
        let registered = context.register_table(TableReference::bare(table.name), empty);
        registered.map_err(|error| format!("the SQL cannot be planned: {}", reason(&error)))?;
    }
    let plan = read_only(&context, sql).await?.logical_plan().clone();
    let columns = plan.schema().fields().iter().map(|field| native(field)).collect();
    let plan = if dialect.cast_rounds() { truncate_floats(plan) } else { Ok(plan) };
    let written = plan.and_then(|plan| {
        let unparsing = dialect.unparsing();
        Ok(Unparser::new(unparsing.as_ref()).plan_to_sql(&plan)?.to_string())
    });
    let written = written.map_err(|error| {
        format!(
            "the SQL cannot be written for this database: {}; use plainer SQL, or the source's own `query`",
            reason(&error)
        )
    })?;
    let named = tables.iter().map(|table| format!("{} AS ({})", dialect.quote(table.name), table.query));
    Ok(Translated { query: format!("WITH {} {written}", named.collect::<Vec<_>>().join(", ")), columns })
}

fn planned_schema(dialect: Dialect, columns: &[Native]) -> Schema {
    let field = |column: &Native| Field::new(&column.name, planned_type(dialect, column.form), column.nullable);
    Schema::new(columns.iter().map(field).collect::<Vec<_>>())
}

/// What a form is in SQL: times are texts in SQLite, and what is only counted is a text everywhere.
fn planned_type(dialect: Dialect, form: Form) -> DataType {
    match form {
        Form::Other => DataType::Utf8,
        time if time.is_time() && dialect == Dialect::Sqlite => DataType::Utf8,
        form => form.arrow(),
    }
}

fn native(field: &Field) -> Native {
    Native {
        name: field.name().clone(),
        type_name: field.data_type().to_string(),
        nullable: field.is_nullable(),
        form: Form::of_arrow(field.data_type()),
    }
}

/// A float that is cast to an integer loses its fraction, where the database would round it.
fn truncate_floats(plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    let whole = plan.transform_up_with_subqueries(|node| {
        let inputs = node.inputs();
        let mut schema = DFSchema::empty();
        inputs.iter().for_each(|input| schema.merge(input.schema()));
        node.map_expressions(|expression| expression.transform_up(|part| truncate_cast(part, &schema)))
    })?;
    Ok(whole.data)
}

fn truncate_cast(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>, DataFusionError> {
    let Expr::Cast(mut cast) = expression else { return Ok(Transformed::no(expression)) };
    let from_float = cast.expr.get_type(schema).is_ok_and(|from| from.is_floating());
    if !(from_float && cast.field.data_type().is_integer()) {
        return Ok(Transformed::no(Expr::Cast(cast)));
    }
    cast.expr = Box::new(trunc().call(vec![*cast.expr]));
    Ok(Transformed::yes(Expr::Cast(cast)))
}
