//! Puts an engine together: the ports' real implementations, or those of a rehearsal.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use watchkeeper_action::ActionRunner;
use watchkeeper_engine::{
    Engine, Ports,
    ports::{
        action::{ActionCall, ActionEnd, Actions, Probe},
        clock::Clock,
        notifier::Notifier,
        store::Store,
    },
    secret::SecretReader,
};
use watchkeeper_model::{Channel, Name, Workspace};
use watchkeeper_notify::Channels;
use watchkeeper_plugin_host::Host;
use watchkeeper_source::DataSources;
use watchkeeper_store::SqliteStore;

use crate::{clock::SystemClock, failure::Failure, wiring};

/// What is written by console channels while an engine runs; read between ticks.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<u8>>>);

impl Notes {
    /// What was written since the last time.
    pub(crate) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&bytes).trim_end().to_owned()
    }
}

impl Write for Notes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An engine that does what the runbooks say and sends the messages; console channels write to `console`.
pub(crate) fn real(
    folder: &Path,
    workspace: Workspace,
    clock: Arc<dyn Clock>,
    store: Arc<SqliteStore>,
    console: impl Write + Send + 'static,
) -> Result<Engine, Failure> {
    let secrets = SecretReader::new(folder);
    let channels = Channels::new(folder, workspace.channels.clone(), secrets.clone(), console);
    let notifier = channels.map_err(Failure::usage)?;
    let actions = ActionRunner::new(folder, workspace.allow.clone(), secrets);
    assemble(folder, workspace, clock, store, Arc::new(actions), Arc::new(notifier))
}

/// An engine whose effects stay in this process: steps are not done, messages go to `console`, and the store is in
/// memory.
pub(crate) async fn rehearsal(
    folder: &Path,
    workspace: Workspace,
    clock: Arc<dyn Clock>,
    console: impl Write + Send + 'static,
) -> Result<Engine, Failure> {
    let channels: BTreeMap<Name, Channel> =
        workspace.channels.keys().map(|name| (name.clone(), Channel::Console)).collect();
    let notifier = Channels::new(folder, channels, SecretReader::new(folder), console).map_err(Failure::usage)?;
    let store = Arc::new(SqliteStore::in_memory().await.map_err(Failure::internal)?);
    take_baselines(folder, &workspace, &store).await?;
    assemble(folder, workspace, clock, store, Arc::new(Rehearsed), Arc::new(notifier))
}

/// An engine on a workspace's own store that neither acts nor sends: for what people ask of baselines.
pub(crate) fn observer(folder: &Path, workspace: Workspace, store: Arc<SqliteStore>) -> Result<Engine, Failure> {
    let notifier = Channels::new(folder, BTreeMap::new(), SecretReader::new(folder), io::sink());
    let notifier = notifier.map_err(Failure::usage)?;
    assemble(folder, workspace, Arc::new(SystemClock), store, Arc::new(Rehearsed), Arc::new(notifier))
}

/// A rehearsal compares with what the workspace has frozen; without that its numbers could differ from the daemon's.
async fn take_baselines(folder: &Path, workspace: &Workspace, store: &SqliteStore) -> Result<(), Failure> {
    if !folder.join(&workspace.daemon.state).join("watchkeeper.db").exists() {
        return Ok(());
    }
    let own = wiring::store(folder, workspace).await?;
    for kept in own.baselines().await.map_err(Failure::unreachable)? {
        store.keep_baseline(&kept, &[]).await.map_err(Failure::internal)?;
    }
    own.close().await;
    Ok(())
}

fn assemble(
    folder: &Path,
    workspace: Workspace,
    clock: Arc<dyn Clock>,
    store: Arc<SqliteStore>,
    actions: Arc<dyn Actions>,
    notifier: Arc<dyn Notifier>,
) -> Result<Engine, Failure> {
    let host: Host = wiring::host(folder)?;
    let sources = DataSources::new(folder, workspace.sources.clone());
    let ports = Ports { clock, store, sources: Arc::new(sources), checker: Arc::new(host), actions, notifier };
    Ok(Engine::new(workspace, ports))
}

/// Actions that are only pretended.
struct Rehearsed;

#[async_trait]
impl Actions for Rehearsed {
    async fn perform(&self, _call: &ActionCall) -> ActionEnd {
        ActionEnd::done("rehearsed, not done")
    }

    async fn probe(&self, _call: &ActionCall) -> Probe {
        Probe::Absent
    }
}
