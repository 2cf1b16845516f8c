//! What can be told of a component: what it consists of, and what compiling and running it costs here.

use std::time::Duration;

use tokio::time::Instant;
use watchkeeper_engine::ports::checker::Manual;

use crate::{fault::Fault, host::Host, origin};

/// What the contract's interfaces begin with.
const CONTRACT: &str = "watchkeeper:check/";
/// Runs that are timed.
const RUNS: usize = 200;

/// A component, looked at.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// What it says of itself.
    pub manual: Manual,
    /// SHA-256 of its bytes, 64 hex digits.
    pub digest: String,
    /// Its size.
    pub bytes: u64,
    /// The size of its machine code.
    pub code_bytes: u64,
    /// The interface it exports, with its version.
    pub interface: Option<String>,
    /// The interfaces it imports, with their versions.
    pub imports: Vec<String>,
    /// How long it took to compile, in a process of its own.
    pub compile: Duration,
    /// How long fresh instances took that told their manual and were dropped, the fastest first.
    pub runs: Vec<Duration>,
}

impl Inspected {
    /// The time within which this share of the runs ended.
    pub fn within(&self, share: f64) -> Duration {
        let place = (self.runs.len().saturating_sub(1) as f64 * share) as usize;
        self.runs.get(place).copied().unwrap_or_default()
    }
}

impl Host {
    /// Looks at a plugin: compiles it anew, whatever the cache has, and runs it a few times.
    pub async fn inspect(&self, plugin: &str) -> Result<Inspected, String> {
        self.inspected(plugin).await.map_err(|fault| Self::message(plugin, &fault))
    }

    async fn inspected(&self, plugin: &str) -> Result<Inspected, Fault> {
        let origin = self.origin(plugin).await?;
        origin::refuse_other_formats(&origin.wasm)?;
        let began = Instant::now();
        let (component, code_bytes) = self.compile_anew(&origin).await?;
        let compile = began.elapsed();
        let ty = component.component_type();
        let imports = ty.imports(self.engine()).map(|(name, _)| name.to_owned()).collect();
        let mut exports = ty.exports(self.engine()).map(|(name, _)| name);
        let interface = exports.find(|name| name.starts_with(CONTRACT)).map(str::to_owned);
        let (mut runs, mut manual) = (Vec::with_capacity(RUNS), None);
        for _ in 0..RUNS {
            let (told, took) = self.describe_timed(&component, plugin).await?;
            runs.push(took);
            manual = Some(told);
        }
        runs.sort();
        Ok(Inspected {
            manual: manual.ok_or_else(|| Fault::host("it was never asked"))?,
            bytes: origin.wasm.len() as u64,
            digest: origin.digest,
            code_bytes,
            interface,
            imports,
            compile,
            runs,
        })
    }
}
