//! The store that a test runs on: one in memory, and when its binary runs once more, one on PostgreSQL.
#![expect(clippy::panic, reason = "a test stops at the first thing that is not so")]

use watchkeeper_store::SqlStore;
use watchkeeper_testkit::again_on_postgres;

pub(crate) async fn store() -> SqlStore {
    let opened = match again_on_postgres() {
        Some(url) => SqlStore::connect(&url).await,
        None => SqlStore::in_memory().await,
    };
    opened.unwrap_or_else(|error| panic!("no store: {error}"))
}

#[test]
fn everything_once_more_on_postgres() {
    watchkeeper_testkit::run_again_on_postgres("everything_once_more_on_postgres");
}
