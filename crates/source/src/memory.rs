//! DataFusion's memory, taken from a run's account.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool, MemoryReservation};
use watchkeeper_engine::ports::memory::{Memory, OutOfMemory};

/// What DataFusion may reserve is this part of an account: a table that grows is held twice for a moment, and what is
/// sorted to be spilled once more.
const PART: u64 = 4;

/// A pool that takes from an account what DataFusion reserves; operators that can spill do so at its limit.
#[derive(Debug)]
pub(crate) struct RunPool {
    memory: Arc<Memory>,
    reserved: AtomicU64,
}

impl RunPool {
    pub(crate) fn new(memory: &Arc<Memory>) -> Self {
        Self { memory: Arc::clone(memory), reserved: AtomicU64::new(0) }
    }
}

impl fmt::Display for RunPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} of {} bytes)", self.name(), self.memory.held(), self.memory.bytes_max())
    }
}

impl MemoryPool for RunPool {
    fn name(&self) -> &str {
        "run"
    }

    fn grow(&self, _: &MemoryReservation, additional: usize) {
        self.memory.note(additional as u64);
        self.reserved.fetch_add(additional as u64, Ordering::Relaxed);
    }

    fn shrink(&self, _: &MemoryReservation, shrink: usize) {
        self.memory.give_back(shrink as u64);
        self.reserved.fetch_sub(shrink as u64, Ordering::Relaxed);
    }

    fn try_grow(&self, _: &MemoryReservation, additional: usize) -> Result<()> {
        let (bytes, most) = (additional as u64, self.memory.bytes_max() / PART);
        let refused = || exhausted(OutOfMemory { bytes_max: self.memory.bytes_max() });
        let more = |reserved: u64| Some(reserved.saturating_add(bytes)).filter(|reserved| *reserved <= most);
        self.reserved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).map_err(|_| refused())?;
        self.memory.take(bytes).map_err(|out| {
            self.reserved.fetch_sub(bytes, Ordering::Relaxed);
            exhausted(out)
        })
    }

    fn reserved(&self) -> usize {
        usize::try_from(self.reserved.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(usize::try_from(self.memory.bytes_max() / PART).unwrap_or(usize::MAX))
    }
}

/// The account's refusal as DataFusion's operators know it.
pub(crate) fn exhausted(refused: OutOfMemory) -> DataFusionError {
    DataFusionError::ResourcesExhausted(refused.to_string())
}
