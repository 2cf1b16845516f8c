//! What one run of a guest holds on the host's side: its limits, its deadline, its log and its open frames.

use std::{sync::Arc, time::Duration};

use tokio::{
    runtime::Handle,
    time::{Instant, timeout_at},
};
use wasmtime::{Engine, ResourceLimiter, Result, Store, UpdateDeadline, component::ResourceTable};
use watchkeeper_engine::ports::{frame::FrameFault, history::History, memory::Memory};

use crate::{
    engine::{CORE_INSTANCES_MAX, MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX},
    fault::Fault,
    log::RunLog,
};

/// How much a guest may hand over in one call, in bytes.
const HOSTCALL_BYTES_MAX: usize = 8 << 20;
/// Frames and scans open at once.
const OPEN_MAX: usize = 1_000;
const HANDLES_MAX: usize = 10_000;

/// When a run must be over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    /// How long it was from the start, for messages.
    pub(crate) allowed: Duration,
}

impl Deadline {
    /// Starts now.
    pub(crate) fn start(allowed: Duration) -> Self {
        Self { at: Instant::now() + allowed, allowed }
    }

    fn fault(self) -> Fault {
        Fault::Deadline(self.allowed)
    }
}

/// The store's data.
pub(crate) struct Sandbox {
    pub(crate) open: ResourceTable,
    pub(crate) log: RunLog,
    /// What kept the last of its reads from its data.
    pub(crate) unread: Option<FrameFault>,
    pub(crate) history: Arc<dyn History>,
    /// The account of the run.
    pub(crate) memory: Arc<Memory>,
    limits: Limits,
    deadline: Deadline,
    runtime: Handle,
}

impl Sandbox {
    /// A fresh store with every limit set.
    pub(crate) fn store(
        engine: &Engine,
        memory: &Arc<Memory>,
        deadline: Deadline,
        log: RunLog,
        history: Arc<dyn History>,
        runtime: Handle,
    ) -> Store<Self> {
        let mut open = ResourceTable::new();
        open.set_max_capacity(OPEN_MAX);
        let limits = Limits { memory: Arc::clone(memory), guest_bytes: 0 };
        let memory = Arc::clone(memory);
        let mut store =
            Store::new(engine, Self { open, log, unread: None, history, memory, limits, deadline, runtime });
        store.limiter(|sandbox| &mut sandbox.limits);
        store.set_hostcall_fuel(HOSTCALL_BYTES_MAX);
        store.set_max_component_handles(HANDLES_MAX);
        // Ticks drift on a busy machine, so each one only looks at the clock.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            if Instant::now() < deadline.at { Ok(UpdateDeadline::Continue(1)) } else { Err(deadline.fault().into()) }
        });
        store
    }

    /// Waits for an answer for as long as the deadline allows; past it, the guest traps. Epochs do not interrupt the host.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> Result<T> {
        let deadline = self.deadline;
        let answer = self.runtime.block_on(async { timeout_at(deadline.at, answer).await });
        answer.map_err(|_| deadline.fault().into())
    }
}

/// Limits over all memories and tables of a component together.
struct Limits {
    memory: Arc<Memory>,
    /// What of it is the guest's own.
    guest_bytes: u64,
}

impl Drop for Limits {
    fn drop(&mut self) {
        self.memory.give_back(self.guest_bytes);
    }
}

impl ResourceLimiter for Limits {
    /// Traps rather than answering -1: what a guest makes of -1 hides the reason from its author.
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        self.memory.take(more).map_err(|refused| Fault::Memory(refused.bytes_max))?;
        self.guest_bytes += more;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > TABLE_ELEMENTS_MAX {
            return Err(Fault::Table { wanted: desired, limit: TABLE_ELEMENTS_MAX }.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }
}
