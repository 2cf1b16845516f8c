//! A command's turn with a store on which it acts as a daemon does: alone in a folder, as one more replica on a server.

use std::sync::Arc;

use tokio::task::JoinHandle;
use watchkeeper_engine::ports::clock::Clock as _;
use watchkeeper_store::{DaemonLock, LEASE, SqlStore};

use crate::{clock::SystemClock, failure::Failure};

/// Ends when it is dropped; what is left then is free once the lease is over.
pub(crate) struct Turn {
    store: Arc<SqlStore>,
    beat: JoinHandle<()>,
    _lock: Option<DaemonLock>,
}

impl Turn {
    /// Begins it; `who` is what others are told.
    pub(crate) async fn begin(store: &Arc<SqlStore>, who: &str) -> Result<Self, Failure> {
        let lock = store.lock_daemon(who, SystemClock.now()).map_err(Failure::unreachable)?;
        store.join(who, LEASE, &SystemClock).await.map_err(Failure::unreachable)?;
        let renewed = Arc::clone(store);
        let beat = tokio::spawn(async move { renewed.keep_lease(&SystemClock).await });
        Ok(Self { store: Arc::clone(store), beat, _lock: lock })
    }

    /// Ends it in good order: what is left is free at once.
    pub(crate) async fn end(self) -> Result<(), Failure> {
        self.beat.abort();
        self.store.leave().await.map_err(Failure::unreachable)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.beat.abort();
    }
}
