//! DataFusion's memory, taken from a run's account.

use std::{fmt, sync::Arc};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool, MemoryReservation};
use watchkeeper_engine::ports::memory::{Memory, OutOfMemory};

/// A pool that takes from an account what DataFusion reserves; operators that can spill do so at its limit.
#[derive(Debug)]
pub(crate) struct RunPool(pub(crate) Arc<Memory>);

impl fmt::Display for RunPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} of {} bytes)", self.name(), self.0.held(), self.0.bytes_max())
    }
}

impl MemoryPool for RunPool {
    fn name(&self) -> &str {
        "run"
    }

    fn grow(&self, _: &MemoryReservation, additional: usize) {
        self.0.note(additional as u64);
    }

    fn shrink(&self, _: &MemoryReservation, shrink: usize) {
        self.0.give_back(shrink as u64);
    }

    fn try_grow(&self, _: &MemoryReservation, additional: usize) -> Result<()> {
        self.0.take(additional as u64).map_err(exhausted)
    }

    fn reserved(&self) -> usize {
        usize::try_from(self.0.held()).unwrap_or(usize::MAX)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(usize::try_from(self.0.bytes_max()).unwrap_or(usize::MAX))
    }
}

/// The account's refusal as DataFusion's operators know it.
pub(crate) fn exhausted(refused: OutOfMemory) -> DataFusionError {
    DataFusionError::ResourcesExhausted(refused.to_string())
}
