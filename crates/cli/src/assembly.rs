//! Puts an engine together: the ports' real implementations, or those of a rehearsal.

use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use watchkeeper_action::ActionRunner;
use watchkeeper_engine::{
    Engine, Ports, Process,
    ports::{action::Actions, clock::Clock, notifier::Notifier, store::Store},
};
use watchkeeper_model::Workspace;
use watchkeeper_notify::Channels;
use watchkeeper_plugin_host::Host;
use watchkeeper_secret::SecretReader;
use watchkeeper_source::DataSources;
use watchkeeper_store::SqlStore;

use crate::{
    clock::SystemClock,
    failure::Failure,
    rehearsal::{Pretended, Tellings},
    stored::StoreAt,
    wiring,
};

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
    store: Arc<SqlStore>,
    console: impl Write + Send + 'static,
) -> Result<Engine, Failure> {
    let ports = real_ports(folder, &workspace, clock, store, console)?;
    Ok(Engine::new(workspace, ports))
}

/// The daemon's engine, one of those that share `process`.
pub(crate) fn of_daemon(
    folder: &Path,
    workspace: Workspace,
    store: Arc<SqlStore>,
    process: &Process,
) -> Result<Engine, Failure> {
    let ports = real_ports(folder, &workspace, Arc::new(SystemClock), store, io::stdout())?;
    Ok(Engine::of_daemon(workspace, ports, process))
}

fn real_ports(
    folder: &Path,
    workspace: &Workspace,
    clock: Arc<dyn Clock>,
    store: Arc<SqlStore>,
    console: impl Write + Send + 'static,
) -> Result<Ports, Failure> {
    let secrets = SecretReader::new(folder);
    let channels = Channels::new(folder, workspace.channels.clone(), secrets.clone(), console);
    let notifier = channels.map_err(Failure::usage)?;
    let actions = ActionRunner::new(folder, workspace.allow.clone(), secrets);
    ports(folder, workspace, clock, store, Arc::new(actions), Arc::new(notifier))
}

/// An engine whose effects stay in this process: steps are only pretended, and messages are kept in `tellings`.
pub(crate) fn rehearsal(
    folder: &Path,
    workspace: Workspace,
    clock: Arc<dyn Clock>,
    store: Arc<SqlStore>,
    tellings: Tellings,
) -> Result<Engine, Failure> {
    let ports = ports(folder, &workspace, clock, store, Arc::new(Pretended), Arc::new(tellings))?;
    Ok(Engine::new(workspace, ports))
}

/// An engine that only evaluates, on the wall clock: what the workspace's own store knows is read, and nothing written.
pub(crate) async fn measuring(folder: &Path, workspace: Workspace) -> Result<Engine, Failure> {
    let store = StoreAt::of(folder, &workspace).open_to_read().await?;
    observer(folder, workspace, Arc::new(store))
}

/// An engine on a workspace's own store that neither acts nor sends: for what people ask of baselines.
pub(crate) fn observer(folder: &Path, workspace: Workspace, store: Arc<SqlStore>) -> Result<Engine, Failure> {
    rehearsal(folder, workspace, Arc::new(SystemClock), store, Tellings::default())
}

/// A store in memory that holds the baselines that the workspace has frozen: without them a rehearsal's numbers could
/// differ from the daemon's.
pub(crate) async fn rehearsal_store(folder: &Path, workspace: &Workspace) -> Result<Arc<SqlStore>, Failure> {
    let store = Arc::new(SqlStore::in_memory().await.map_err(Failure::internal)?);
    let own = StoreAt::of(folder, workspace).open_to_read().await?;
    for kept in own.baselines().await.map_err(Failure::unreachable)? {
        store.keep_baseline(&kept, &[]).await.map_err(Failure::internal)?;
    }
    own.close().await;
    Ok(store)
}

fn ports(
    folder: &Path,
    workspace: &Workspace,
    clock: Arc<dyn Clock>,
    store: Arc<SqlStore>,
    actions: Arc<dyn Actions>,
    notifier: Arc<dyn Notifier>,
) -> Result<Ports, Failure> {
    let host: Host = wiring::host(folder)?;
    let sources = DataSources::new(folder, workspace.sources.clone());
    Ok(Ports { clock, store, sources: Arc::new(sources), checker: Arc::new(host), actions, notifier })
}
