//! DataFusion sessions: set up so that results are the same every time, and so that SQL can only read.

use std::sync::Arc;

use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionState;
use datafusion::execution::disk_manager::DiskManagerBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use watchkeeper_engine::ports::memory::Memory;

use crate::memory::RunPool;
use crate::sql::CountKeptRows;
use crate::table::Stamp;

/// Parts a scan of files is split into. Fixed, not the number of cores, so that every machine adds up the same parts.
pub(crate) const SCAN_PARTS: usize = 4;

/// SQL runs in one part: joins of several would give rows in an order of chance.
pub(crate) const SQL_PARTS: usize = 1;

const BATCH_ROWS: usize = 16_384;
const BATCH_VALUES: usize = 1 << 20;

/// Rows decoded from small sources may take this many times the bytes of their files.
const DECODED_FACTOR: u64 = 4;

/// What the SQL of all views together may hold while it runs; past it, sorts and joins go on on disk.
const VIEWS_BYTES_MAX: usize = 512 << 20;

/// What sorts and joins of everybody together may write to the folder for temporary files.
const SPILLED_BYTES_MAX: u64 = 1 << 30;

/// Functions that answer otherwise tomorrow; windows are the way to speak of now.
const FICKLE_FUNCTIONS: [&str; 8] =
    ["now", "current_timestamp", "current_date", "today", "current_time", "random", "uuid", "version"];

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// A session with all functions, made once: there are hundreds.
    template: SessionState,
    /// Sources of at most this size on disk are held in memory.
    memory_bytes_max: u64,
}

impl Sessions {
    /// Sessions that hold sources up to this size on disk in memory.
    pub(crate) fn new(memory_bytes_max: u64) -> Self {
        let context = SessionContext::new_with_config_rt(config(SQL_PARTS), Arc::new(bounded()));
        FICKLE_FUNCTIONS.iter().for_each(|function| context.deregister_udf(function));
        let template = SessionStateBuilder::new_from_existing(context.state())
            .with_physical_optimizer_rule(Arc::new(CountKeptRows));
        Self { template: template.build(), memory_bytes_max }
    }

    /// The most bytes that decoded rows may take in memory.
    pub(crate) fn decoded_bytes_max(&self) -> usize {
        usize::try_from(self.memory_bytes_max.saturating_mul(DECODED_FACTOR)).unwrap_or(usize::MAX)
    }

    /// How much memory a source may take: none if its files are too big.
    pub(crate) fn bytes_max(&self, stamp: &Stamp) -> usize {
        if stamp.bytes() <= self.memory_bytes_max { self.decoded_bytes_max() } else { 0 }
    }

    /// A session without tables.
    pub(crate) fn context(&self, parts: usize) -> SessionContext {
        self.context_of(parts, 1)
    }

    /// A session for files of so many columns: the more there are, the fewer rows are read at once.
    pub(crate) fn context_of(&self, parts: usize, columns: usize) -> SessionContext {
        let rows = (BATCH_VALUES / columns.max(1)).clamp(1, BATCH_ROWS);
        let state = SessionStateBuilder::new_from_existing(self.template.clone())
            .with_config(config(parts).with_batch_size(rows))
            .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()));
        SessionContext::new_with_state(state.build())
    }

    /// A session without tables for the SQL of a run, which takes what it holds from the run's account.
    pub(crate) fn guest(&self, memory: &Arc<Memory>) -> SessionContext {
        let shared = self.template.runtime_env().as_ref().clone();
        let runtime = RuntimeEnv { memory_pool: Arc::new(RunPool::new(memory)), ..shared };
        let state = SessionStateBuilder::new_from_existing(self.template.clone())
            .with_config(config(SQL_PARTS))
            .with_runtime_env(Arc::new(runtime))
            .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()));
        SessionContext::new_with_state(state.build())
    }
}

/// Memory and disk that are bounded.
fn bounded() -> RuntimeEnv {
    let disk = DiskManagerBuilder::default().with_max_temp_directory_size(SPILLED_BYTES_MAX);
    // The folder for temporary files is made when something is spilled, so that building cannot fail for want of it.
    let built = RuntimeEnvBuilder::new().with_disk_manager_builder(disk).build().unwrap_or_default();
    RuntimeEnv { memory_pool: Arc::new(FairSpillPool::new(VIEWS_BYTES_MAX)), ..built }
}

fn config(parts: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(parts)
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(false)
        .with_collect_statistics(false)
        .with_round_robin_repartition(false);
    let options = config.options_mut();
    // Columns are often named as in `MedInc`; they are found as written, without quotes.
    options.sql_parser.enable_ident_normalization = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.time_zone = Some("+00:00".to_owned());
    options.execution.parquet.schema_force_view_types = false;
    config
}
