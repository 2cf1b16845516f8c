//! This daemon among those that share its store, where several do.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::task::JoinHandle;
use watchkeeper_engine::{Process, with_causes};
use watchkeeper_model::Workspace;
use watchkeeper_store::{LEASE, OpenError, Rang, SqlStore};

use crate::{
    clock::SystemClock,
    failure::Failure,
    render::terminal::Terminal,
    stored::{StoreAt, unopened},
};

/// The longest pause before a server that is away is asked again.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Opens the daemon's store. A server that is away, or is no primary yet, is asked again until it is there.
pub(super) async fn open(folder: &Path, workspace: &Workspace, terminal: &mut Terminal) -> Result<SqlStore, Failure> {
    let at = StoreAt::of(folder, workspace);
    let mut pause = Duration::from_secs(1);
    loop {
        match at.try_open().await? {
            Ok(store) => return Ok(store),
            Err(error) if may_pass(&error) => {
                let why = with_causes(&error);
                super::tell(terminal, format!("{why}; it is asked again in {} s", pause.as_secs()));
            }
            Err(error) => return Err(unopened(error)),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Whether a server may come back, or become what it should be, by itself.
fn may_pass(error: &OpenError) -> bool {
    matches!(error, OpenError::Unfit { .. }) || error.is_away()
}

/// What people call this daemon: its machine and the address it listens on.
pub(super) fn name(address: SocketAddr) -> String {
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{} {address}", machine.trim())
}

/// How long this daemon keeps what it has when it is not heard of.
pub(super) fn lease() -> Duration {
    #[cfg(debug_assertions)]
    if let Some(lease) = crate::test_hooks::lease() {
        return lease;
    }
    LEASE
}

/// Keeps the lease, and rings the engines for what others have changed.
pub(super) fn take_part(store: &Arc<SqlStore>, process: &Process) -> JoinHandle<()> {
    let (store, process) = (Arc::clone(store), process.clone());
    tokio::spawn(async move {
        let heard = |rang| match rang {
            Rang::Steps => process.ring_steps(),
            Rang::Outbox => process.ring_outbox(),
        };
        tokio::join!(store.keep_lease(&SystemClock), store.listen(heard));
    })
}
