//! A workspace in a temporary folder with a host on it.

use std::{fs, path::Path, sync::Arc, time::Duration};

use tempfile::TempDir;
use watchkeeper_engine::ports::{
    checker::{CheckOutcome, CheckRequest, Checker},
    frame::Frame,
    history::NoHistory,
    memory::Memory,
};
use watchkeeper_model::{Name, Time};
use watchkeeper_plugin_host::{Compiler, Host, HostConfig};

/// Long enough for a debug build on a busy machine.
const AMPLE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) host: Host,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let host = Host::new(config(folder.path())).expect("a host");
        Self { folder, host }
    }

    /// Puts a component into the workspace; gives its reference.
    pub(crate) fn add(&self, name: &str, wasm: &[u8]) -> String {
        let file = format!("{name}.wasm");
        fs::write(self.folder.path().join(&file), wasm).expect("the component is written");
        file
    }

    pub(crate) async fn check(&self, request: CheckRequest) -> CheckOutcome {
        self.host.check(request).await
    }

    /// The message of a check that must fail.
    pub(crate) async fn failure(&self, request: CheckRequest) -> String {
        match self.check(request).await {
            CheckOutcome::Failed(message) => message,
            other => panic!("it should have failed, but: {other:?}"),
        }
    }

    /// Adds a component and gives the message it must fail with.
    pub(crate) async fn failure_of(&self, wasm: &[u8], frame: Arc<dyn Frame>) -> String {
        let plugin = self.add("guest", wasm);
        self.failure(request(&plugin, frame)).await
    }
}

pub(crate) fn config(folder: &Path) -> HostConfig {
    HostConfig {
        cache_dir: Some(folder.join("cache")),
        compiler: Compiler { program: env!("CARGO_BIN_EXE_compile-plugin").into(), args: Vec::new() },
        workspace: folder.to_owned(),
    }
}

/// A request with ample limits.
pub(crate) fn request(plugin: &str, current: Arc<dyn Frame>) -> CheckRequest {
    let at = |micros| Time::from_timestamp_micros(micros).expect("a time");
    CheckRequest {
        monitor: Name::parse("loan-nulls").expect("a name"),
        plugin: plugin.to_owned(),
        scheduled_at: at(1_700_000_000_000_000),
        window: (at(0), at(1_700_000_000_000_000)),
        params: Vec::new(),
        timeout: AMPLE,
        memory: Memory::new(64 << 20),
        log: Arc::default(),
        current,
        baseline: None,
        history: Arc::new(NoHistory),
    }
}
