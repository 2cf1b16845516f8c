//! The engine: which Wasm is accepted, how it is compiled, and the ticker that interrupts it.

use std::{thread, time::Duration};

use wasmtime::{
    Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig, Result, WasmBacktraceDetails,
};

/// How often a running guest is looked at.
const TICK: Duration = Duration::from_millis(10);

/// A guest's stack; the rest of the thread's 2 MiB is for the host functions it calls.
pub(crate) const STACK_BYTES_MAX: usize = 512 << 10;

/// What one component may consist of; language runtimes need dozens of core instances, not hundreds.
pub(crate) const CORE_INSTANCES_MAX: u32 = 100;
pub(crate) const TABLES_MAX: u32 = 20;
pub(crate) const MEMORIES_MAX: u32 = 10;
pub(crate) const TABLE_ELEMENTS_MAX: usize = 200_000;

/// The engine that runs `slots` guests at once, with its ticker started.
pub(crate) fn running_engine(slots: u32) -> Result<Engine> {
    let mut config = shared_config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots)));
    let engine = Engine::new(&config)?;
    start_ticker(engine.weak())?;
    Ok(engine)
}

/// The engine that only compiles; it reserves no memory for guests, so it fits under an address-space limit.
pub(crate) fn compiling_engine() -> Result<Engine> {
    Engine::new(&shared_config())
}

/// Everything that decides what compiled code looks like. The same in both engines, or the cache would never match.
fn shared_config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        .memory_init_cow(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable);
    config
}

/// Room for the guests that run at once: a run keeps its slot until it has really ended.
fn pool(guests: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(guests)
        .total_core_instances(guests.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(guests.saturating_mul(2).max(MEMORIES_MAX))
        .total_tables(guests.saturating_mul(4).max(TABLES_MAX))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(1 << 20);
    pool
}

/// Ends by itself once the last user of the engine is gone.
fn start_ticker(engine: EngineWeak) -> std::io::Result<()> {
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    };
    thread::Builder::new().name("wasm-ticker".to_owned()).spawn(tick).map(drop)
}
