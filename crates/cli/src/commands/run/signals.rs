//! The signals that the daemon listens to.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// What the daemon is asked to do while it runs.
pub(super) enum Ask {
    Reload,
    Stop,
}

/// SIGHUP, SIGTERM and SIGINT.
pub(super) struct Signals {
    reload: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(Failure::internal);
        Ok(Self {
            reload: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    pub(super) async fn next(&mut self) -> Ask {
        tokio::select! {
            _ = self.reload.recv() => Ask::Reload,
            _ = self.terminate.recv() => Ask::Stop,
            _ = self.interrupt.recv() => Ask::Stop,
        }
    }
}
