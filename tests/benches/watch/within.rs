//! The engine within this process, as in the daemon, on a workspace of files.

use std::{path::Path, sync::Arc};

use tokio::runtime::Handle;
use watchkeeper_config::{PluginFault, PluginManual, PluginMetric, PluginParam, Surroundings};
use watchkeeper_engine::{Engine, Evaluation, Ports, SimulatedClock, ports::checker::Checker as _};
use watchkeeper_model::{Time, Verdict, Workspace};
use watchkeeper_plugin_host::{Compiler, Host, HostConfig};
use watchkeeper_source::DataSources;
use watchkeeper_store::SqlStore;
use watchkeeper_testkit::{RecordingNotifier, ScriptedActions};

use crate::{data, options::Options};

pub(crate) struct Within {
    engine: Engine,
    at: Time,
    pub(crate) monitors: Vec<String>,
}

impl Within {
    /// Needs a runtime with several threads.
    pub(crate) async fn start(options: &Options, folder: &Path) -> Self {
        let host = host(options, &options.folder.join("plugins"), folder);
        let workspace = workspace(folder, &host);
        let at: Time = data::END.parse().expect("a time");
        let monitors = workspace.monitors.keys().map(ToString::to_string).collect();
        let ports = Ports {
            clock: Arc::new(SimulatedClock::at(at)),
            store: Arc::new(SqlStore::in_memory().await.expect("a store")),
            sources: Arc::new(DataSources::new(folder, workspace.sources.clone())),
            checker: Arc::new(host),
            actions: Arc::new(ScriptedActions::new([], [])),
            notifier: Arc::new(RecordingNotifier::default()),
        };
        Self { engine: Engine::new(workspace, ports), at, monitors }
    }

    /// A monitor's tick at the data's end, from its rows to its verdict.
    pub(crate) async fn evaluate(&self, monitor: &str) -> Evaluation {
        let evaluation = self.engine.evaluate(monitor, self.at).await.expect("it is known");
        assert!(!matches!(evaluation.verdict, Verdict::Error | Verdict::NoData), "{evaluation:?}");
        evaluation
    }
}

/// A host that compiles with the measured binary.
pub(crate) fn host(options: &Options, cache: &Path, workspace: &Path) -> Host {
    let compiler = Compiler { program: options.binary.clone(), args: vec!["compile-plugin".into()] };
    Host::new(HostConfig { cache_dir: Some(cache.to_owned()), compiler, workspace: workspace.to_owned() })
        .expect("a host")
}

fn workspace(folder: &Path, host: &Host) -> Workspace {
    let mut manual = |plugin: &str| {
        let manual = Handle::current().block_on(host.manual(plugin));
        let manual = manual.map_err(|message| PluginFault { message, help: None, is_there: false })?;
        let (params, metrics) = (manual.params.into_iter(), manual.metrics.into_iter());
        Ok(PluginManual {
            summary: manual.summary,
            params: params
                .map(|p| PluginParam {
                    name: p.name,
                    doc: p.doc,
                    kind: p.kind,
                    required: p.required,
                    default: p.default,
                })
                .collect(),
            metrics: metrics.map(|m| PluginMetric { name: m.name, doc: m.doc, labels: m.labels }).collect(),
            needs_baseline: Host::needs_baseline(plugin),
        })
    };
    let mut surroundings = Surroundings { manual: &mut manual, environment: &|_| None };
    let loaded = tokio::task::block_in_place(|| watchkeeper_config::load(folder, &mut surroundings));
    loaded.expect("a workspace without mistakes").workspace
}
