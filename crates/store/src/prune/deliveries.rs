//! Deliveries: what was sent, or tried, of incidents that are over.

use sqlx::AssertSqlSafe;

use crate::{fault::Fault, store::SqlStore};

use super::BATCH;

/// One that is about no incident, or about one that is over.
const OVER: &str =
    "NOT EXISTS (SELECT 1 FROM incident WHERE incident.id = old.incident AND incident.state <> 'resolved')";

/// Forgets tries before a time, and then the messages that have none; gives how many rows went.
pub(super) async fn prune(store: &SqlStore, before: i64) -> Result<u64, Fault> {
    let tries = format!(
        "DELETE FROM delivery WHERE id IN
             (SELECT id FROM delivery AS old WHERE old.id > $1 AND old.id <= $2 AND old.at < $3 AND {OVER})"
    );
    let messages = format!(
        "DELETE FROM outbox WHERE id IN
             (SELECT id FROM outbox AS old WHERE old.id > $1 AND old.id <= $2 AND old.not_before < $3
                  AND old.status IN ('sent', 'failed', 'cancelled') AND {OVER}
                  AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.outbox = old.id))"
    );
    let of_tries = table(store, "SELECT MIN(id), MAX(id) FROM delivery WHERE at < $1", &tries, before).await?;
    let of_messages =
        table(store, "SELECT MIN(id), MAX(id) FROM outbox WHERE not_before < $1", &messages, before).await?;
    Ok(of_tries + of_messages)
}

/// Goes through the rows that may be old, so many numbers at once.
async fn table(store: &SqlStore, range: &'static str, delete: &str, before: i64) -> Result<u64, Fault> {
    let (first, last): (Option<i64>, Option<i64>) =
        sqlx::query_as(range).bind(before).fetch_one(&mut *store.read().await?).await?;
    let (Some(first), Some(last)) = (first, last) else { return Ok(0) };
    let (mut after, mut gone) = (first - 1, 0);
    while after < last {
        let upto = after.saturating_add(BATCH).min(last);
        let mut tx = store.write_beside().await?;
        let batch = sqlx::query(AssertSqlSafe(delete.to_owned())).bind(after).bind(upto).bind(before);
        gone += batch.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        after = upto;
    }
    Ok(gone)
}
