//! The ledger: rows are appended in the transaction of what they tell, each carrying the hash of the row before it.

use serde_json::Value;
use sqlx::{AnyConnection, Row, any::AnyRow};
use watchkeeper_engine::ports::store::{LedgerRow, StoreError};
use watchkeeper_model::{LedgerEntry, Time};

use crate::{
    columns::{micros, ordinal, time},
    fault::Fault,
    store::SqlStore,
};

impl SqlStore {
    /// At most `limit` rows from number `from` on, in order.
    pub async fn ledger(&self, from: u64, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        let read = async { page(&mut *self.read().await?, from, limit).await };
        read.await.map_err(|fault: Fault| fault.doing("read the ledger"))
    }

    /// The hash of the newest row; 64 zeros when there is none.
    pub async fn ledger_head(&self) -> Result<String, StoreError> {
        let read = async { head(&mut *self.read().await?).await };
        read.await.map_err(|fault: Fault| fault.doing("read the ledger's head"))
    }
}

/// Appends rows and gives the new head.
pub(crate) async fn append(db: &mut AnyConnection, at: Time, rows: &[LedgerRow]) -> Result<String, Fault> {
    for row in rows {
        append_one(db, at, row.kind, &row.subject, &row.body).await?;
    }
    head(db).await
}

/// Appends one row.
pub(crate) async fn append_one(
    db: &mut AnyConnection,
    at: Time,
    kind: &str,
    subject: &str,
    body: &Value,
) -> Result<(), Fault> {
    let newest = newest(db).await?;
    let previous = newest.as_ref().map(|(seq, hash)| (*seq, hash.as_str()));
    let entry = LedgerEntry::after(previous, at, kind, subject, body);
    sqlx::query(
        "INSERT INTO ledger (seq, at, kind, subject, body, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(entry.seq.cast_signed())
    .bind(micros(entry.at))
    .bind(entry.kind)
    .bind(entry.subject)
    .bind(entry.body)
    .bind(entry.previous)
    .bind(entry.hash)
    .execute(db)
    .await?;
    Ok(())
}

/// The hash of the newest row; 64 zeros when there is none.
pub(crate) async fn head(db: &mut AnyConnection) -> Result<String, Fault> {
    Ok(newest(db).await?.map_or_else(|| LedgerEntry::GENESIS.to_owned(), |(_, hash)| hash))
}

async fn newest(db: &mut AnyConnection) -> Result<Option<(u64, String)>, Fault> {
    let newest: Option<(i64, String)> =
        sqlx::query_as("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetch_optional(db).await?;
    newest.map(|(seq, hash)| Ok((ordinal("ledger.seq", seq)?, hash))).transpose()
}

/// At most `limit` rows from number `from` on.
pub(crate) async fn page(db: &mut AnyConnection, from: u64, limit: u32) -> Result<Vec<LedgerEntry>, Fault> {
    let rows = sqlx::query("SELECT * FROM ledger WHERE seq >= $1 ORDER BY seq LIMIT $2")
        .bind(from.cast_signed())
        .bind(i64::from(limit))
        .fetch_all(db)
        .await?;
    rows.iter().map(entry).collect()
}

pub(crate) fn entry(row: &AnyRow) -> Result<LedgerEntry, Fault> {
    Ok(LedgerEntry {
        seq: ordinal("ledger.seq", row.try_get("seq")?)?,
        at: time("ledger.at", row.try_get("at")?)?,
        kind: row.try_get("kind")?,
        subject: row.try_get("subject")?,
        body: row.try_get("body")?,
        previous: row.try_get("previous")?,
        hash: row.try_get("hash")?,
    })
}
