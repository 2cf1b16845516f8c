//! Upkeep: what is not kept for ever is forgotten, by one of the daemons that share a store.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};
use watchkeeper_engine::ports::{clock::Clock as _, store::Store as _};
use watchkeeper_model::{Keep, Name};
use watchkeeper_store::SqlStore;

use crate::clock::SystemClock;

/// The pause before the first time: a daemon has other things to do at its start.
const FIRST_AFTER: Duration = Duration::from_secs(60);
/// The pause between two times.
const EVERY: Duration = Duration::from_secs(3600);

/// Forgets what is older than is kept, as the configuration says at that time.
pub(super) fn begin(store: &Arc<SqlStore>, keep: watch::Receiver<Keep>) -> JoinHandle<()> {
    let store = Arc::clone(store);
    tokio::spawn(async move {
        let mut pause = FIRST_AFTER;
        loop {
            tokio::time::sleep(pause).await;
            pause = EVERY;
            if !Name::parse("upkeep").is_ok_and(|name| store.is_nearest(&name)) {
                continue;
            }
            let keep = *keep.borrow();
            match store.prune(keep, SystemClock.now()).await {
                Ok(pruned) => tracing::debug!(?pruned, "what is too old is forgotten"),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "what is too old cannot be forgotten; it is tried again in an hour");
                }
            }
        }
    })
}
