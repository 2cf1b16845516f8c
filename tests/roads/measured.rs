//! One check on one road, and whether two roads agree.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use tempfile::TempDir;
use watchkeeper_engine::ports::{
    checker::{CheckOutcome, CheckRequest, Checker},
    frame::{Sources, Span},
    history::NoHistory,
    memory::Memory,
};
use watchkeeper_model::{ParamValue, Time};
use watchkeeper_plugin_host::{Compiler, Host, HostConfig};

use crate::road::{Road, Roads, named};
use crate::table::Seen;

/// The difference that is allowed, relative to the greater value; 0 agrees with 0 only.
const RELATIVE: f64 = 1e-9;

/// A check to run.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) plugin: String,
    pub(crate) params: Vec<(String, ParamValue)>,
    pub(crate) source: String,
    pub(crate) baseline: Option<String>,
    pub(crate) window: Option<Duration>,
    pub(crate) at: Time,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    Values(BTreeMap<String, f64>),
    NoData(String),
    Failed(String),
}

/// A host with a cache of its own.
pub(crate) struct Checks {
    host: Host,
    _folder: TempDir,
}

impl Checks {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let compiler = Compiler { program: binary(), args: vec!["compile-plugin".into()] };
        let config =
            HostConfig { cache_dir: Some(folder.path().join("cache")), compiler, workspace: folder.path().into() };
        Self { host: Host::new(config).expect("a host"), _folder: folder }
    }

    /// Runs a check on a road.
    pub(crate) async fn run(&self, roads: &Roads, road: Road, asked: &Asked) -> Ended {
        self.run_seen(roads, road, asked, None).await
    }

    /// The same; `scanned` becomes true where it reads the rows of the window one by one.
    pub(crate) async fn run_seen(
        &self,
        roads: &Roads,
        road: Road,
        asked: &Asked,
        scanned: Option<&Arc<AtomicBool>>,
    ) -> Ended {
        let sources = roads.sources(road);
        let span =
            asked.window.map_or(Span::default(), |window| Span { start: Some(asked.at - window), end: Some(asked.at) });
        let current = match sources.open(&named(&asked.source), span).await {
            Ok(frame) => frame,
            Err(error) => return Ended::Failed(error.to_string()),
        };
        let current = scanned.map_or_else(|| Arc::clone(&current), |scanned| Seen::of(Arc::clone(&current), scanned));
        let baseline = match &asked.baseline {
            None => None,
            Some(baseline) => match sources.open(&named(baseline), Span::default()).await {
                Ok(frame) => Some(frame),
                Err(error) => return Ended::Failed(error.to_string()),
            },
        };
        let request = CheckRequest {
            monitor: named("roads"),
            plugin: asked.plugin.clone(),
            scheduled_at: asked.at,
            window: (span.start.unwrap_or(Time::UNIX_EPOCH), span.end.unwrap_or(asked.at)),
            params: asked.params.clone(),
            timeout: Duration::from_secs(60),
            memory: Memory::new(256 << 20),
            log: Arc::default(),
            current,
            baseline,
            history: Arc::new(NoHistory),
        };
        match self.host.check(request).await {
            CheckOutcome::Measured(measured) if measured.is_empty() => Ended::NoData("measured nothing".to_owned()),
            CheckOutcome::Measured(measured) => {
                Ended::Values(measured.into_iter().map(|one| (one.series.to_string(), one.value)).collect())
            }
            CheckOutcome::NoData(reason) => Ended::NoData(reason),
            CheckOutcome::Failed(reason) | CheckOutcome::Unread(reason) => Ended::Failed(reason),
        }
    }
}

impl Ended {
    /// What differs; nothing where both are the same series with the same values, or both are without.
    pub(crate) fn differs_from(&self, other: &Self) -> Option<String> {
        let (one, other) = match (self, other) {
            (Self::Values(one), Self::Values(other)) => (one, other),
            (Self::NoData(_), Self::NoData(_)) | (Self::Failed(_), Self::Failed(_)) => return None,
            _ => return Some(format!("{self:?} against {other:?}")),
        };
        let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        let apart = names.into_iter().find(|name| match (one.get(*name), other.get(*name)) {
            (Some(a), Some(b)) => !near(*a, *b),
            _ => true,
        });
        apart.map(|name| format!("{name}: {:?} against {:?}", one.get(name), other.get(name)))
    }
}

pub(crate) fn near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= RELATIVE * a.abs().max(b.abs())
}

/// The binary that `cargo xtask test` builds before the tests run: it lies beside this test's own folder.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/debug/deps");
    folder.join("watchkeeper")
}
