//! Stranded ticks: claimed, not recorded, and in nobody's hand, while their monitors may be waiting for tomorrow.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use watchkeeper_model::Name;

/// The monitors whose ticks were found so.
#[derive(Debug, Default)]
pub(crate) struct Stranded {
    monitors: Mutex<BTreeSet<Name>>,
    bell: Notify,
}

impl Stranded {
    /// A tick of this monitor was found.
    pub(super) fn ring(&self, monitor: &Name) {
        self.monitors().insert(monitor.clone());
        self.bell.notify_waiters();
    }

    /// Waits until a tick of this monitor is found.
    pub(super) async fn of(&self, monitor: &Name) {
        loop {
            // Before the look, so that a bell in between is heard.
            let rung = self.bell.notified();
            if self.monitors().remove(monitor) {
                return;
            }
            rung.await;
        }
    }

    fn monitors(&self) -> MutexGuard<'_, BTreeSet<Name>> {
        self.monitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
