//! SQL of guests and of views: read only, and bounded before it is planned and while it runs.

mod collected;
mod counted;
mod growth;
mod limits;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast;

use crate::fault::reason;

pub(crate) use counted::CountKeptRows;

/// Rows of a batch where values may be long: a join or a constant repeats them as often.
const LONG_VALUES_ROWS: usize = 256;

/// Queries over one another, at most: each plans all that it is over.
const DEPTH_MAX: usize = 16;

/// One more query over so many.
pub(crate) fn deeper(depth: usize) -> Result<usize, String> {
    match depth {
        DEPTH_MAX.. => Err(format!("a query over {DEPTH_MAX} queries; select from `input` in one")),
        _ => Ok(depth + 1),
    }
}

/// Plans one `SELECT` or `WITH` over the session's tables; refuses everything else.
pub(crate) async fn read_only(context: &SessionContext, sql: &str) -> Result<DataFrame, String> {
    limits::of_text(sql)?;
    let mut statements =
        DFParser::parse_sql(sql).map_err(|error| format!("the SQL cannot be parsed: {}", reason(&error)))?;
    let statement = match (statements.pop_front(), statements.is_empty()) {
        (Some(statement), true) if is_query(&statement) => statement,
        (Some(_), false) => return Err("the SQL holds several statements; write one SELECT".to_owned()),
        _ => return Err("the SQL is not a query; only SELECT and WITH are allowed".to_owned()),
    };
    limits::of_statement(&statement)?;
    let state = context.state();
    let planned = state
        .statement_to_plan(statement)
        .await
        .map_err(|error| format!("the SQL cannot be planned: {}", unknown_table(&reason(&error))))?;
    let only_queries = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    only_queries.verify_plan(&planned).map_err(|error| format!("the SQL does more than read: {}", reason(&error)))?;
    Ok(DataFrame::new(state, planned))
}

/// The same plan with functions that refuse to make more of their arguments than a batch may hold.
pub(crate) fn bounded(plan: DataFrame) -> Result<DataFrame, DataFusionError> {
    let (mut state, plan) = plan.into_parts();
    let guard = |expr: Expr| {
        Ok(match expr {
            Expr::ScalarFunction(call) => growth::guarded(call),
            Expr::BinaryExpr(binary) => growth::guarded_operator(binary),
            Expr::AggregateFunction(call) => collected::guarded(call),
            other => Transformed::no(other),
        })
    };
    let node = |node: LogicalPlan| {
        node.map_expressions(|expr| expr.transform_up(guard))?.map_data(|node| node.recompute_schema())
    };
    let plan = plan.transform_up_with_subqueries(node)?;
    if plan.transformed {
        *state.config_mut() = state.config().clone().with_batch_size(LONG_VALUES_ROWS);
    }
    Ok(DataFrame::new(state, plan.data))
}

fn is_query(statement: &Statement) -> bool {
    matches!(statement, Statement::Statement(statement) if matches!(statement.as_ref(), ast::Statement::Query(_)))
}

/// DataFusion names a table with its catalog and schema, which users never see.
fn unknown_table(reason: &str) -> String {
    reason.replace("datafusion.public.", "")
}
