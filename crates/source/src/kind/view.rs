//! The kind `view`: SQL over other sources.

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::dataframe::DataFrame;
use watchkeeper_engine::ports::frame::FrameError;
use watchkeeper_model::{Name, ViewSource};

use crate::fault::{reason, refused};
use crate::kept::Kept;
use crate::session::{SQL_PARTS, Sessions};
use crate::sql::{bounded, read_only};
use crate::table::{Stamp, Table};

/// A query over other sources.
#[derive(Debug)]
pub(crate) struct View {
    source: ViewSource,
    kept: Kept,
}

impl View {
    pub(crate) fn new(source: ViewSource, kept: Kept) -> Self {
        Self { source, kept }
    }

    pub(crate) fn sql(&self) -> &str {
        &self.source.sql
    }

    pub(crate) fn inputs(&self) -> &[Name] {
        &self.source.inputs
    }

    /// The views above its inputs: those above it, and itself. One that is above itself is refused.
    pub(crate) fn entered<'a>(&self, name: &'a Name, mut above: Vec<&'a Name>) -> Result<Vec<&'a Name>, FrameError> {
        if above.contains(&name) {
            let inputs: Vec<&str> = self.inputs().iter().map(Name::as_str).collect();
            let inputs = inputs.join(", ");
            let what = format!("its SQL reads {inputs}, which reads `{name}` again; break the circle");
            return Err(refused(name.as_str(), what));
        }
        above.push(name);
        Ok(above)
    }

    /// The rows of its query; read anew only when an input has changed.
    pub(crate) async fn read(
        &self,
        name: &str,
        time_column: Option<&str>,
        inputs: Vec<(&Name, Arc<Table>)>,
        sessions: &Sessions,
    ) -> Result<Arc<Table>, FrameError> {
        let stamps = inputs.iter().map(|(_, table)| Arc::clone(&table.stamp)).collect();
        let read = async |stamp: Arc<Stamp>| {
            let plan = self.plan(name, &inputs, sessions).await?;
            let bytes_max = sessions.bytes_max(&stamp);
            Table::read(name, time_column, stamp, plan, bytes_max, None).await
        };
        self.kept.or_read(Stamp { inputs: stamps, ..Stamp::default() }, read).await
    }

    /// Plans its query over its inputs, which stand in it by their names.
    async fn plan(
        &self,
        name: &str,
        inputs: &[(&Name, Arc<Table>)],
        sessions: &Sessions,
    ) -> Result<DataFrame, FrameError> {
        let context = sessions.context(SQL_PARTS);
        for (input, table) in inputs {
            let registered = table
                .rows()
                .table()
                .and_then(|rows| context.register_table(TableReference::bare(input.as_str()), rows));
            let unusable = |error| refused(name, format!("cannot use the source `{input}`: {}", reason(&error)));
            registered.map_err(unusable)?;
        }
        let plan = read_only(&context, &self.source.sql).await.map_err(|what| refused(name, what))?;
        bounded(plan).map_err(|error| refused(name, reason(&error)))
    }
}
