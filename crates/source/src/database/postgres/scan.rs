//! Rows of a running statement, in chunks.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use tokio_postgres::{Row, RowStream};
use watchkeeper_engine::ports::frame::{Column, FieldKind, FrameError, Scan};

use super::session::Session;
use super::{Postgres, Unread};
use crate::database::chunk::{CHUNK_ROWS_MAX, Growing, Value};

/// A statement whose rows are still arriving.
pub(super) struct PostgresScan {
    home: Arc<Postgres>,
    /// Held so that a scan that is given up cancels its statement.
    session: Option<Session>,
    rows: Pin<Box<RowStream>>,
    kinds: Vec<FieldKind>,
}

impl PostgresScan {
    pub(super) fn new(home: Arc<Postgres>, session: Session, rows: RowStream, kinds: Vec<FieldKind>) -> Self {
        Self { home, session: Some(session), rows: Box::pin(rows), kinds }
    }

    async fn chunk(&mut self) -> Result<Vec<Growing>, Unread> {
        let mut columns = Growing::columns(&self.kinds);
        while columns[0].rows() < CHUNK_ROWS_MAX {
            let Some(row) = self.rows.next().await else {
                if let Some(session) = self.session.take() {
                    session.settle().await?;
                }
                break;
            };
            let row = row?;
            for (index, (column, kind)) in columns.iter_mut().zip(&self.kinds).enumerate() {
                column.push(value(&row, index, *kind)?).map_err(|what| Unread::Setting(what.to_owned()))?;
            }
        }
        Ok(columns)
    }
}

#[async_trait]
impl Scan for PostgresScan {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        if self.session.is_none() {
            return Ok(None);
        }
        let home = Arc::clone(&self.home);
        let columns = home.within(self.chunk()).await.map_err(|error| home.fault(error))?;
        if columns[0].rows() == 0 {
            return Ok(None);
        }
        Ok(Some(columns.into_iter().map(Growing::finish).collect()))
    }
}

fn value(row: &Row, index: usize, kind: FieldKind) -> Result<Value, tokio_postgres::Error> {
    let value = match kind {
        FieldKind::Number => row.try_get::<_, Option<f64>>(index)?.map(Value::Number),
        FieldKind::Integer | FieldKind::Time => row.try_get::<_, Option<i64>>(index)?.map(Value::Integer),
        FieldKind::Flag => row.try_get::<_, Option<bool>>(index)?.map(Value::Flag),
        FieldKind::Text | FieldKind::Other => row.try_get::<_, Option<String>>(index)?.map(Value::Text),
    };
    Ok(value.unwrap_or(Value::Null))
}
