//! Copying a whole store into an empty one, whatever each of them is kept in: to move to a server, or to a file as a backup
//! of one. One state of it is copied, however long that takes, and the ledger's chain comes out as it was.

use futures::TryStreamExt as _;
use sqlx::{
    AnyConnection, AssertSqlSafe, Column as _, Row as _, TypeInfo as _, ValueRef as _,
    any::{AnyArguments, AnyRow},
    query::Query,
};

use crate::{
    database::{Dialect, without_limits},
    fault::Fault,
    ledger,
    store::SqlStore,
    verify::VerifyError,
};

/// Every table that holds state, each after those it refers to. What replicas say of themselves stays behind.
pub(crate) const TABLES: [&str; 22] = [
    "occurrence",
    "high_water",
    "newest_tick",
    "group_state",
    "incident",
    "step",
    "answer",
    "act",
    "outbox",
    "delivery",
    "handoff",
    "comment",
    "gate",
    "hold",
    "silence",
    "baseline",
    "kept_run",
    "repeated",
    "token",
    "session",
    "pruned",
    "ledger",
];
/// Tables that number their rows.
const NUMBERED: [&str; 4] = ["outbox", "delivery", "comment", "repeated"];
/// Rows that are written at once.
const BATCH: usize = 200;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Rows of every table.
    pub rows: u64,
    /// Rows of the ledger.
    pub ledger: u64,
    /// Its head.
    pub head: String,
}

/// Why a store was not copied; nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is something in the other store already.
    #[error("{place} holds a store already: {rows} rows of its {table}")]
    NotEmpty {
        /// Where it is.
        place: String,
        /// A table with rows.
        table: &'static str,
        /// How many.
        rows: u64,
    },
    /// The ledger is not whole, or did not come out as it was.
    #[error(transparent)]
    Ledger(#[from] VerifyError),
    /// One of the stores failed.
    #[error(transparent)]
    Store(#[from] watchkeeper_engine::ports::store::StoreError),
}

impl SqlStore {
    /// Copies everything into an empty store, in one transaction of each, and verifies the ledger there.
    pub async fn copy_to(&self, other: &Self) -> Result<Copied, CopyError> {
        self.verify_ledger(None).await?;
        let work = async {
            let (mut from, mut to) = (self.read().await?, other.write().await?);
            without_limits(&mut from).await?;
            without_limits(&mut to).await?;
            if let Some((table, rows)) = first_rows(&mut to).await? {
                return Ok(Err(CopyError::NotEmpty { place: other.place(), table, rows }));
            }
            let mut rows = 0;
            for table in TABLES {
                rows += copy_table(&mut from, &mut to, table).await?;
            }
            go_on_numbering(&mut to).await?;
            let head = ledger::head(&mut from).await?;
            to.commit().await?;
            Ok(Ok((rows, head)))
        };
        let copied = work.await.map_err(|fault: Fault| fault.doing("copy the store"))?;
        let (rows, head) = copied?;
        let there = other.verify_ledger(Some(&head)).await?;
        Ok(Copied { rows, ledger: there.rows, head: there.head })
    }
}

async fn first_rows(db: &mut AnyConnection) -> Result<Option<(&'static str, u64)>, Fault> {
    for table in TABLES {
        let rows = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(rows).fetch_one(&mut *db).await?;
        if rows > 0 {
            return Ok(Some((table, rows.unsigned_abs())));
        }
    }
    Ok(None)
}

/// Reads row by row, and writes many at once.
async fn copy_table(from: &mut AnyConnection, to: &mut AnyConnection, table: &str) -> Result<u64, Fault> {
    let all = format!("SELECT * FROM {table}");
    let (mut page, mut copied): (Vec<AnyRow>, u64) = (Vec::with_capacity(BATCH), 0);
    let mut rows = sqlx::query(AssertSqlSafe(all)).fetch(from);
    loop {
        let row = rows.try_next().await?;
        let is_last = row.is_none();
        page.extend(row);
        if page.len() == BATCH || (is_last && !page.is_empty()) {
            write_page(to, table, &page).await?;
            copied += page.len() as u64;
            page.clear();
        }
        if is_last {
            return Ok(copied);
        }
    }
}

async fn write_page(to: &mut AnyConnection, table: &str, page: &[AnyRow]) -> Result<(), Fault> {
    let Some(first) = page.first() else { return Ok(()) };
    let names: Vec<&str> = first.columns().iter().map(sqlx::Column::name).collect();
    let width = names.len();
    let places = (0..page.len()).map(|row| {
        let of_row: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
        format!("({})", of_row.join(", "))
    });
    let places: Vec<String> = places.collect();
    let insert = format!("INSERT INTO {table} ({}) VALUES {}", names.join(", "), places.join(", "));
    let mut query = sqlx::query(AssertSqlSafe(insert));
    for row in page {
        for column in row.columns() {
            query = bound(query, row, column.ordinal(), column.type_info().name())?;
        }
    }
    query.execute(to).await?;
    Ok(())
}

type Insert<'q> = Query<'q, sqlx::Any, AnyArguments>;

/// Binds a value as what it is; what is absent, as its column's type.
fn bound<'q>(query: Insert<'q>, row: &AnyRow, column: usize, of_type: &str) -> Result<Insert<'q>, Fault> {
    let value = row.try_get_raw(column)?;
    let info = value.type_info();
    let kind = if value.is_null() { of_type } else { info.name() };
    Ok(match kind {
        "BLOB" => query.bind(row.try_get::<Option<Vec<u8>>, _>(column)?),
        "TEXT" => query.bind(row.try_get::<Option<String>, _>(column)?),
        _ => query.bind(row.try_get::<Option<i64>, _>(column)?),
    })
}

/// Rows that are added later get numbers after those that were copied.
async fn go_on_numbering(db: &mut AnyConnection) -> Result<(), Fault> {
    if Dialect::of(db) == Dialect::Sqlite {
        return Ok(());
    }
    for table in NUMBERED {
        let go_on = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT COALESCE(MAX(id), 0) + 1 FROM {table}), false)"
        );
        sqlx::query(AssertSqlSafe(go_on)).execute(&mut *db).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What is no state of the installation: the tables' own, and what daemons say of themselves.
    const OTHERS: [&str; 4] = ["_sqlx_migrations", "store_floor", "replica", "trouble"];

    #[tokio::test]
    async fn every_table_is_copied_or_is_no_state() {
        let store = SqlStore::in_memory().await.unwrap();
        let all: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
                .fetch_all(&mut *store.read().await.unwrap())
                .await
                .unwrap();
        let known: BTreeSet<&str> = TABLES.into_iter().chain(OTHERS).collect();
        assert_eq!(all.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
    }
}
