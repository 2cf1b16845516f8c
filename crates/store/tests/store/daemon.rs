//! One daemon a store; a private folder; several processes may open it.

use std::os::unix::fs::PermissionsExt as _;

use tempfile::tempdir;
use watchkeeper_engine::ports::store::{Store as _, StoreError};
use watchkeeper_store::{LockError, SqlStore};

use crate::fixture::{at, name};

#[tokio::test]
async fn a_second_daemon_is_refused_and_told_who_runs() {
    let folder = tempdir().unwrap();
    let first = SqlStore::open(folder.path()).await.unwrap();
    let second = SqlStore::open(folder.path()).await.unwrap();
    let lock = first.lock_daemon("127.0.0.1:7878", at(0)).unwrap();
    let Err(LockError::Held { holder }) = second.lock_daemon("127.0.0.1:7879", at(5)) else {
        panic!("a second daemon got the lock");
    };
    assert_eq!(holder, format!("pid {} since 2026-01-01T00:00:00Z (127.0.0.1:7878)", std::process::id()));
    drop(lock);
    assert!(second.lock_daemon("127.0.0.1:7879", at(6)).unwrap().is_some());
}

#[tokio::test]
async fn many_may_open_a_new_store_at_once() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("state");
    let (a, b, c) = tokio::join!(SqlStore::open(&path), SqlStore::open(&path), SqlStore::open(&path));
    for opened in [a, b, c] {
        opened.unwrap().close().await;
    }
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_store_in_memory_has_nobody_to_share_with() {
    let store = SqlStore::in_memory().await.unwrap();
    assert!(store.lock_daemon("nobody", at(0)).unwrap().is_none());
}

#[tokio::test]
async fn what_nobody_would_find_is_not_written_and_goes_on_where_it_is_put_back() {
    let folder = tempdir().unwrap();
    let (here, away) = (folder.path().join("state"), folder.path().join("away"));
    let store = SqlStore::open(&here).await.unwrap();
    let lock = store.lock_daemon("127.0.0.1:7878", at(0)).unwrap().unwrap();
    std::fs::rename(&here, &away).unwrap();
    assert!(store.has_moved() && lock.has_moved());
    let refused = store.skip_to(&name("nulls"), at(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Failed { .. }), "{refused}");
    std::fs::rename(&away, &here).unwrap();
    assert!(!store.has_moved() && !lock.has_moved());
    store.skip_to(&name("nulls"), at(1)).await.unwrap();
}
