//! Why the engine cannot go on.

use crate::ports::store::StoreError;

/// Why the engine cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A monitor that the configuration does not have.
    #[error("there is no monitor `{0}`")]
    NoSuchMonitor(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
