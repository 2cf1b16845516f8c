//! The ledger cannot be changed in passing, and a change made on purpose is found.

use std::path::Path;

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::{TempDir, tempdir};
use watchkeeper_model::{GateState, LedgerFault};
use watchkeeper_store::{SqlStore, VerifyError};

use crate::fixture::{at, name};

const ROWS: u64 = 5;

async fn five_rows() -> (TempDir, SqlStore) {
    let folder = tempdir().unwrap();
    let store = SqlStore::open(folder.path()).await.unwrap();
    for second in 0..ROWS.cast_signed() {
        store.set_gate(&name("loans"), GateState::Paused, "ana", "because", at(second)).await.unwrap();
    }
    (folder, store)
}

async fn tamper(folder: &Path, sql: &'static str) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(folder.join("watchkeeper.db"));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql(sql).execute(&mut connection).await?;
    connection.close().await
}

#[tokio::test]
async fn a_whole_ledger_is_verified_with_any_head_it_had() {
    let (_folder, store) = five_rows().await;
    let kept = store.ledger(3, 1).await.unwrap().remove(0);
    assert_eq!(kept.seq, 3);
    let verified = store.verify_ledger(Some(&kept.hash)).await.unwrap();
    assert_eq!((verified.rows, verified.head), (ROWS, store.ledger_head().await.unwrap()));
}

#[tokio::test]
async fn rows_are_neither_changed_nor_deleted() {
    let (folder, store) = five_rows().await;
    for sql in ["UPDATE ledger SET body = '{}' WHERE seq = 2", "DELETE FROM ledger WHERE seq = 5"] {
        let refused = tamper(folder.path(), sql).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    store.verify_ledger(None).await.unwrap();
}

#[tokio::test]
async fn a_changed_byte_and_a_missing_row_are_named() {
    let (folder, store) = five_rows().await;
    let sql = "DROP TRIGGER ledger_is_never_changed; DROP TRIGGER ledger_is_never_cut;
               UPDATE ledger SET body = replace(body, 'ana', 'ann') WHERE seq = 3";
    tamper(folder.path(), sql).await.unwrap();
    let found = store.verify_ledger(None).await;
    assert!(matches!(found, Err(VerifyError::Fault(LedgerFault::Changed(3)))), "{found:?}");
    tamper(folder.path(), "DELETE FROM ledger WHERE seq = 2").await.unwrap();
    let found = store.verify_ledger(None).await;
    assert!(matches!(found, Err(VerifyError::Fault(LedgerFault::Missing(2)))), "{found:?}");
}

#[tokio::test]
async fn a_cut_tail_is_seen_by_whoever_kept_a_head() {
    let (folder, store) = five_rows().await;
    let head = store.ledger_head().await.unwrap();
    tamper(folder.path(), "DROP TRIGGER ledger_is_never_cut; DELETE FROM ledger WHERE seq = 5").await.unwrap();
    assert_eq!(store.verify_ledger(None).await.unwrap().rows, 4);
    let found = store.verify_ledger(Some(&head)).await;
    assert!(matches!(found, Err(VerifyError::HeadMissing { .. })), "{found:?}");
}

/// What somebody with the file in his hands may do, and what it is found by.
#[tokio::test]
async fn rows_in_another_order_and_rows_that_were_put_in_are_named() {
    let free = "DROP TRIGGER ledger_is_never_changed; DROP TRIGGER ledger_is_never_cut;";
    for (how, fault) in [
        (
            "UPDATE ledger SET seq = 9 WHERE seq = 2; UPDATE ledger SET seq = 2 WHERE seq = 3;
             UPDATE ledger SET seq = 3 WHERE seq = 9",
            LedgerFault::Broken(2),
        ),
        (
            "UPDATE ledger SET seq = seq + 100 WHERE seq > 3; UPDATE ledger SET seq = seq - 99 WHERE seq > 100;
             INSERT INTO ledger SELECT 4, at, kind, subject, body, previous, 'ff' FROM ledger WHERE seq = 3",
            LedgerFault::Broken(4),
        ),
    ] {
        let (folder, store) = five_rows().await;
        tamper(folder.path(), free).await.unwrap();
        tamper(folder.path(), how).await.unwrap();
        let found = store.verify_ledger(None).await;
        assert!(matches!(&found, Err(VerifyError::Fault(found)) if *found == fault), "{found:?}");
    }
}

#[tokio::test]
async fn a_ledger_that_was_rewritten_as_a_whole_is_seen_by_whoever_kept_a_head() {
    let (_folder, store) = five_rows().await;
    let (_other, rewritten) = five_rows().await;
    rewritten.set_gate(&name("loans"), GateState::Open, "eve", "as if nothing had been", at(9)).await.unwrap();
    store.set_gate(&name("loans"), GateState::Open, "ana", "done", at(9)).await.unwrap();
    let head = store.ledger_head().await.unwrap();
    assert_eq!(rewritten.verify_ledger(None).await.unwrap().rows, 6, "by itself it is whole");
    let found = rewritten.verify_ledger(Some(&head)).await;
    assert!(matches!(found, Err(VerifyError::HeadMissing { .. })), "{found:?}");
}
