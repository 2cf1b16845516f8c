//! Replicas: the processes that share a store, each for as long as its lease lasts. Leases go by the server's clock, and
//! are never what keeps two owners apart: the epoch of a row is, in the transaction that writes it.

use std::time::Duration;

use serde::Serialize;
use sqlx::AssertSqlSafe;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::Time;

use crate::{
    columns::{micros, time},
    database::Dialect,
    fault::Fault,
    me::Me,
    store::SqlStore,
};

/// How long a replica that is not heard of keeps what it has.
pub const LEASE: Duration = Duration::from_secs(15);
/// A replica that is gone without a word is shown for so long, in microseconds.
const SHOWN_FOR: i64 = 86_400_000_000;

/// One of the processes that share a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replica {
    /// Its own number, new at every start.
    pub id: String,
    /// Its machine and address.
    pub name: String,
    /// Its version of Watchkeeper.
    pub version: String,
    /// Since when it runs.
    pub since: Time,
    /// When it was heard of last, by the server's clock.
    pub seen_at: Time,
    /// Whether its lease lasts.
    pub alive: bool,
    /// How far its clock is ahead of the server's, in milliseconds.
    pub clock_ahead_ms: i64,
    /// Ticks, steps and messages that it has in hand.
    pub in_hand: u64,
}

type Row = (String, String, String, i64, i64, i64, i64, i64);

impl SqlStore {
    /// This process among those that share the store; absent where there is one daemon at most, or before it joined.
    pub(crate) fn me(&self) -> Option<&str> {
        self.replica.get().map(|me| me.id.as_str())
    }

    /// What people call this process; nothing where there is one daemon at most.
    pub(crate) fn my_name(&self) -> &str {
        self.replica.get().map_or("", |me| me.name.as_str())
    }

    /// The condition that a row is not in the hands of another replica that is at work; `held_by` is its column.
    pub(crate) fn is_free(&self, held_by: &str) -> String {
        if self.dialect() == Dialect::Sqlite {
            return "TRUE".to_owned();
        }
        let others = format!(
            "NOT EXISTS (SELECT 1 FROM replica WHERE replica.id = {held_by} AND replica.until > {})",
            Dialect::Postgres.now()
        );
        match self.me() {
            // Made of hex digits here, below.
            Some(me) => format!("({held_by} = '{me}' OR {others})"),
            None => others,
        }
    }

    /// Renews this replica's lease, which begins with that, and forgets those that are long gone. Gives the ids of all
    /// that are at work, this one's among them.
    pub(crate) async fn renew(&self, me: &Me, now: Time) -> Result<Vec<String>, Fault> {
        let mut tx = self.write_beside().await?;
        let server = self.dialect().now();
        let lease = i64::try_from(me.lease.as_micros()).unwrap_or(i64::MAX);
        let query = format!(
            "INSERT INTO replica (id, name, version, since, seen_at, until, clock_ahead)
             VALUES ($1, $2, $3, $4, {server}, {server} + $5, $4 - {server})
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, until = excluded.until,
                 clock_ahead = excluded.clock_ahead"
        );
        let renewed = sqlx::query(AssertSqlSafe(query)).bind(&me.id).bind(&me.name);
        let renewed = renewed.bind(env!("CARGO_PKG_VERSION")).bind(micros(now)).bind(lease);
        renewed.execute(&mut *tx).await?;
        let gone = format!("DELETE FROM replica WHERE seen_at < {server} - $1");
        sqlx::query(AssertSqlSafe(gone)).bind(SHOWN_FOR).execute(&mut *tx).await?;
        let alive = format!("SELECT id FROM replica WHERE until > {server} ORDER BY id");
        let alive = sqlx::query_scalar(AssertSqlSafe(alive)).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(alive)
    }

    /// Gives this replica's lease back: what it has is free from now on.
    pub(crate) async fn end_lease(&self, me: &Me) -> Result<(), Fault> {
        let mut tx = self.write_beside().await?;
        sqlx::query("DELETE FROM replica WHERE id = $1").bind(&me.id).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// The replicas of the last day, the newest first; none where there is one daemon at most.
    pub async fn replicas(&self) -> Result<Vec<Replica>, StoreError> {
        let work = async {
            let in_hand = "(SELECT COUNT(*) FROM occurrence WHERE status = 'claimed' AND held_by = replica.id)
                 + (SELECT COUNT(*) FROM step WHERE status IN ('planned', 'released', 'intent') AND held_by = replica.id)
                 + (SELECT COUNT(*) FROM outbox WHERE status = 'sending' AND held_by = replica.id)";
            let query = format!(
                "SELECT id, name, version, since, seen_at, CASE WHEN until > {} THEN 1 ELSE 0 END, clock_ahead, {in_hand}
                 FROM replica ORDER BY since DESC, id",
                self.dialect().now()
            );
            let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(query)).fetch_all(&mut *self.read().await?).await?;
            rows.into_iter().map(replica).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("list the replicas"))
    }
}

fn replica((id, name, version, since, seen_at, alive, ahead, in_hand): Row) -> Result<Replica, Fault> {
    Ok(Replica {
        id,
        name,
        version,
        since: time("replica.since", since)?,
        seen_at: time("replica.seen_at", seen_at)?,
        alive: alive != 0,
        clock_ahead_ms: ahead / 1000,
        in_hand: in_hand.unsigned_abs(),
    })
}
