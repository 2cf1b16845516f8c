//! Rows of a statement by a cursor, a chunk at a time.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, pin_mut};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};
use watchkeeper_engine::ports::frame::{Column, FieldKind, FrameError, Scan};

use super::session::Session;
use super::{Postgres, Unread};
use crate::database::chunk::{CHUNK_ROWS_MAX, Growing, Value};

/// A cursor that is read to its end.
pub(super) struct PostgresScan {
    home: Postgres,
    cursor: String,
    kinds: Vec<FieldKind>,
    ended: bool,
}

impl PostgresScan {
    /// Opens a cursor in the source's transaction; in one of its own where that is over.
    pub(super) async fn open(home: &Postgres, number: usize, sql: &str, kinds: Vec<FieldKind>) -> Result<Self, Unread> {
        let mut home = home.clone();
        if home.session.is_over() {
            home.session = Arc::new(Session::new(Arc::clone(home.session.server())));
        }
        let cursor = format!("scan{number}");
        let declare = format!("DECLARE {cursor} NO SCROLL CURSOR FOR {sql}");
        home.session.run(home.timeout, async |client| Ok(client.batch_execute(&declare).await?)).await?;
        Ok(Self { home, cursor, kinds, ended: false })
    }

    async fn fetch(&self, client: &Client) -> Result<Vec<Growing>, Unread> {
        let mut columns = Growing::columns(&self.kinds);
        let fetch = format!("FETCH FORWARD {CHUNK_ROWS_MAX} FROM {}", self.cursor);
        let rows = client.query_typed_raw(&fetch, Vec::<(String, Type)>::new()).await?;
        pin_mut!(rows);
        while let Some(row) = rows.next().await {
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
        if self.ended {
            return Ok(None);
        }
        let fetched = self.home.session.run(self.home.timeout, async |client| self.fetch(client).await).await;
        let columns = fetched.map_err(|error| self.home.fault(error))?;
        self.ended = columns[0].rows() < CHUNK_ROWS_MAX;
        Ok((columns[0].rows() > 0).then(|| columns.into_iter().map(Growing::finish).collect()))
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
