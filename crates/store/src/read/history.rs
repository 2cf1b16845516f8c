//! What the ledger says: newest first, of one thing or of all.

use sqlx::AssertSqlSafe;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::LedgerEntry;

use crate::{fault::Fault, ledger, store::SqlStore};

/// Which rows are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerFilter {
    /// Only rows before this number.
    pub before: Option<u64>,
    /// Only rows about this: an incident, a gate, a monitor.
    pub subject: Option<String>,
    /// Only rows whose kind begins so: `gate.`, `incident.opened`.
    pub kind: Option<String>,
}

impl SqlStore {
    /// The newest rows that a filter lets through, newest first.
    pub async fn ledger_newest(&self, filter: &LedgerFilter, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        let work = async {
            let mut wanted = "seq < $1 AND substr(kind, 1, length($3)) = $3".to_owned();
            if filter.subject.is_some() {
                wanted += " AND subject = $2";
            }
            let query = format!("SELECT * FROM ledger WHERE {wanted} ORDER BY seq DESC LIMIT $4");
            let rows = sqlx::query(AssertSqlSafe(query))
                .bind(filter.before.map_or(i64::MAX, u64::cast_signed))
                .bind(filter.subject.as_deref().unwrap_or_default())
                .bind(filter.kind.as_deref().unwrap_or_default())
                .bind(i64::from(limit))
                .fetch_all(&mut *self.read().await?)
                .await?;
            rows.iter().map(ledger::entry).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read the ledger"))
    }

    /// Everything that happened around an incident, oldest first: its own rows, and those of the gates its steps set.
    pub async fn ledger_of_incident(&self, incident: &str, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        let work = async {
            let rows = sqlx::query(
                "SELECT * FROM ledger WHERE subject = $1 OR seq IN
                    (SELECT seq FROM ledger WHERE kind IN ('gate.paused', 'gate.opened')
                        AND subject IN (SELECT name FROM gate) AND json_extract(body, '$.incident') = $1)
                 ORDER BY seq LIMIT $2",
            );
            let rows = rows.bind(incident).bind(i64::from(limit)).fetch_all(&mut *self.read().await?).await?;
            rows.iter().map(ledger::entry).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read what happened around an incident"))
    }

    /// The number of the newest row; 0 when there is none.
    pub async fn ledger_length(&self) -> Result<u64, StoreError> {
        let work = async {
            let newest: Option<i64> =
                sqlx::query_scalar("SELECT MAX(seq) FROM ledger").fetch_one(&mut *self.read().await?).await?;
            Ok(newest.unwrap_or(0).unsigned_abs())
        };
        work.await.map_err(|fault: Fault| fault.doing("read the ledger's length"))
    }

    /// Whether the store can be written to; nothing is.
    pub async fn is_writable(&self) -> Result<(), StoreError> {
        let work = async { Ok(self.write().await?.rollback().await?) };
        work.await.map_err(|fault: Fault| fault.doing("be written to"))
    }
}
