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
    },
    secret::SecretReader,
};
use watchkeeper_model::{Channel, Name, Workspace};
use watchkeeper_notify::Channels;
use watchkeeper_plugin_host::Host;
use watchkeeper_source::DataSources;
use watchkeeper_store::SqliteStore;

use crate::{failure::Failure, wiring};

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
    assemble(folder, workspace, clock, store, Arc::new(Rehearsed), Arc::new(notifier))
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
