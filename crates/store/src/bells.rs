//! The bells of one process.

use std::sync::atomic::AtomicU64;

use tokio::sync::Notify;

/// The bells of one process.
#[derive(Debug, Default)]
pub(crate) struct Bells {
    pub(crate) gates: Notify,
    /// How many gates this process has set.
    pub(crate) gates_set: AtomicU64,
}
