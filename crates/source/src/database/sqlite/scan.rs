//! Rows of a running statement, read on a thread that may block and handed over in chunks.

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use watchkeeper_engine::ports::frame::{Column, FieldKind, FrameError, FrameFault, Scan};

use super::value::value;
use super::{Sqlite, Unread};
use crate::database::chunk::{CHUNK_ROWS_MAX, Growing};

type Chunk = Result<Vec<Column>, FrameError>;

/// Chunks that wait to be taken.
const WAITING_MAX: usize = 2;

/// A statement whose rows are still being read.
pub(super) struct SqliteScan {
    chunks: Receiver<Chunk>,
}

impl SqliteScan {
    pub(super) fn start(sqlite: Sqlite, sql: String, kinds: Vec<FieldKind>) -> Self {
        let (send, chunks) = channel(WAITING_MAX);
        tokio::spawn(async move {
            let give = send.clone();
            let work = sqlite.work(move |sqlite, connection| read(sqlite, connection, &sql, &kinds, &give));
            if let Err(error) = work.await {
                // A scan that was dropped does not ask why.
                send.send(Err(error)).await.unwrap_or_default();
            }
        });
        Self { chunks }
    }
}

#[async_trait]
impl Scan for SqliteScan {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        self.chunks.recv().await.transpose()
    }
}

/// Reads to the end, or until nobody takes the chunks any more.
fn read(
    sqlite: &Sqlite,
    connection: &Connection,
    sql: &str,
    kinds: &[FieldKind],
    give: &Sender<Chunk>,
) -> Result<(), Unread> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    loop {
        let mut columns = Growing::columns(kinds);
        while columns[0].rows() < CHUNK_ROWS_MAX {
            let Some(row) = rows.next()? else { break };
            for (index, (column, kind)) in columns.iter_mut().zip(kinds).enumerate() {
                column
                    .push(value(row.get_ref(index)?, *kind))
                    .map_err(|what| sqlite.fault(FrameFault::Malformed, what))?;
            }
        }
        let read = columns[0].rows();
        let chunk = columns.into_iter().map(Growing::finish).collect();
        if read == 0 || give.blocking_send(Ok(chunk)).is_err() || read < CHUNK_ROWS_MAX {
            return Ok(());
        }
    }
}
