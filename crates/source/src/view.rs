//! The kind `view`: SQL over other sources.

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::dataframe::DataFrame;
use watchkeeper_engine::ports::frame::FrameError;
use watchkeeper_model::{Name, ViewSource};

use crate::fault::{fault, reason};
use crate::session::{SQL_PARTS, Sessions, read_only};
use crate::table::Table;

/// Plans a view's query over its inputs, which stand in it by their names.
pub(crate) async fn plan(
    name: &str,
    view: &ViewSource,
    inputs: &[(&Name, Arc<Table>)],
    sessions: &Sessions,
) -> Result<DataFrame, FrameError> {
    let context = sessions.context(SQL_PARTS);
    for (input, table) in inputs {
        let registered =
            table.rows().table().and_then(|rows| context.register_table(TableReference::bare(input.as_str()), rows));
        registered.map_err(|error| fault(name, format!("cannot use the source `{input}`: {}", reason(&error))))?;
    }
    read_only(&context, &view.sql).await.map_err(|what| fault(name, what))
}
