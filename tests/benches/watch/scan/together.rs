//! All monitors due at one tick of one process, as in the daemon: a process of its own, so that its memory is its own.

use std::{path::Path, process::Command, sync::Arc, time::Instant};

use futures::future::join_all;
use tokio::runtime::Handle;
use watchkeeper_config::{PluginFault, PluginManual, PluginMetric, PluginParam, Surroundings};
use watchkeeper_engine::{Engine, Ports, SimulatedClock, ports::checker::Checker as _};
use watchkeeper_model::{Time, Verdict, Workspace};
use watchkeeper_plugin_host::{Compiler, Host, HostConfig};
use watchkeeper_source::DataSources;
use watchkeeper_store::SqliteStore;
use watchkeeper_testkit::{RecordingNotifier, ScriptedActions};

use crate::{
    data,
    options::Options,
    process::{self, Ended},
};

/// What the child is told to do.
pub(crate) const CHILD: &str = "all-at-once";
/// Ticks of one run: the first is cold, the others are warm.
const TICKS: usize = 2;

/// One run: the process, and the seconds of its last tick.
pub(super) fn run(folder: &Path) -> (Ended, f64) {
    let own = std::env::current_exe().expect("this binary has a path");
    let ended = process::run(Command::new(own).arg(CHILD).current_dir(folder));
    let warm = ended.stdout.trim().parse().expect("the seconds of the last tick");
    (ended, warm)
}

/// The child, in the workspace's folder.
#[tokio::main]
pub(crate) async fn child(options: &Options) {
    let folder = std::env::current_dir().expect("a folder");
    let compiler = Compiler { program: options.binary.clone(), args: vec!["compile-plugin".into()] };
    let cache_dir = options.folder.join("plugins");
    let host = Host::new(HostConfig { cache_dir, compiler, workspace: folder.clone() }).expect("a host");
    let workspace = workspace(&folder, &host);
    let at: Time = data::END.parse().expect("a time");
    let monitors: Vec<String> = workspace.monitors.keys().map(ToString::to_string).collect();
    let ports = Ports {
        clock: Arc::new(SimulatedClock::at(at)),
        store: Arc::new(SqliteStore::in_memory().await.expect("a store")),
        sources: Arc::new(DataSources::new(&folder, workspace.sources.clone())),
        checker: Arc::new(host),
        actions: Arc::new(ScriptedActions::new([], [])),
        notifier: Arc::new(RecordingNotifier::default()),
    };
    let engine = Engine::new(workspace, ports);
    let mut seconds = 0.0;
    for _ in 0..TICKS {
        let start = Instant::now();
        for evaluation in join_all(monitors.iter().map(|monitor| engine.evaluate(monitor, at))).await {
            let evaluation = evaluation.expect("it is known");
            assert!(!matches!(evaluation.verdict, Verdict::Error | Verdict::NoData), "{evaluation:?}");
        }
        seconds = start.elapsed().as_secs_f64();
    }
    println!("{seconds}");
}

fn workspace(folder: &Path, host: &Host) -> Workspace {
    let mut manual = |plugin: &str| {
        let manual = Handle::current().block_on(host.manual(plugin));
        let manual = manual.map_err(|message| PluginFault { message, help: None, is_there: false })?;
        let (params, metrics) = (manual.params.into_iter(), manual.metrics.into_iter());
        Ok(PluginManual {
            params: params.map(|p| PluginParam { name: p.name, kind: p.kind, required: p.required }).collect(),
            metrics: metrics.map(|m| PluginMetric { name: m.name, labels: m.labels }).collect(),
            needs_baseline: Host::needs_baseline(plugin),
        })
    };
    let mut surroundings = Surroundings { manual: &mut manual, environment: &|_| None };
    let loaded = tokio::task::block_in_place(|| watchkeeper_config::load(folder, &mut surroundings));
    loaded.expect("a workspace without mistakes").workspace
}
