//! How the text files of sources are understood, as `lint` and `check -v` show it.

use std::{path::Path, time::Duration};

use serde::Serialize;
use watchkeeper_model::{Name, Workspace};
use watchkeeper_source::{DataSources, Understood};

use crate::render::table::{Table, cell};

/// Columns of a source that are shown in the table.
const COLUMNS_SHOWN: usize = 8;
/// A source that does not answer is not waited for longer.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A source's text files, and how they were understood.
#[derive(Debug, Serialize)]
pub(crate) struct FileRow {
    source: Name,
    /// The newest one.
    file: String,
    files: usize,
    how: String,
    /// Each column's kind, in order.
    columns: Vec<(String, &'static str)>,
}

/// The text files of some sources. What cannot be read is the tick's to tell.
pub(crate) async fn files(folder: &Path, workspace: &Workspace, names: impl Iterator<Item = &Name>) -> Vec<FileRow> {
    let sources = DataSources::new(folder, workspace.sources.clone());
    let mut rows = Vec::new();
    for source in names {
        let understood = tokio::time::timeout(WAIT_MAX, sources.understood(source)).await;
        let Ok(Ok(Some(Understood { file, files, how, columns }))) = understood else { continue };
        rows.push(FileRow { source: source.clone(), file, files, how, columns });
    }
    rows
}

/// A line a source.
pub(crate) fn table(rows: &[FileRow]) -> Table {
    let mut table = Table::new(&["SOURCE", "UNDERSTOOD AS", "COLUMNS"]);
    for row in rows {
        let columns = row.columns.iter().take(COLUMNS_SHOWN).map(|(name, kind)| format!("{name} {kind}"));
        let mut columns = columns.collect::<Vec<_>>().join(", ");
        if row.columns.len() > COLUMNS_SHOWN {
            columns += &format!(" and {} more", row.columns.len() - COLUMNS_SHOWN);
        }
        table.row([cell(&row.source), cell(&row.how), cell(&columns)]);
    }
    table
}
