//! The store that a test runs on: one in memory, and when its binary runs once more, one on PostgreSQL.

use watchkeeper_store::SqlStore;
use watchkeeper_testkit::again_on_postgres;

pub(crate) async fn store() -> SqlStore {
    let opened = match again_on_postgres() {
        Some(url) => SqlStore::connect(&url).await,
        None => SqlStore::in_memory().await,
    };
    opened.expect("a store")
}

#[test]
fn everything_once_more_on_postgres() {
    watchkeeper_testkit::run_again_on_postgres("everything_once_more_on_postgres");
}
