//! The engine: a configuration and the ports it acts through.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tokio::sync::{Notify, Semaphore};
use watchkeeper_model::{Monitor, Name, Runbook, Workspace};

use crate::{
    baseline::KnownBaseline,
    ports::{
        action::Actions,
        checker::Checker,
        clock::Clock,
        frame::Sources,
        notifier::Notifier,
        store::{Store, StoreError},
    },
};

/// Everything the engine asks of the outside.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// State that survives.
    pub store: Arc<dyn Store>,
    /// Data.
    pub sources: Arc<dyn Sources>,
    /// Checks.
    pub checker: Arc<dyn Checker>,
    /// Effects.
    pub actions: Arc<dyn Actions>,
    /// Messages.
    pub notifier: Arc<dyn Notifier>,
}

/// Runs a workspace's monitors. It is built anew for every configuration.
pub struct Engine {
    pub(crate) workspace: Workspace,
    pub(crate) ports: Ports,
    /// What is remembered of fixed baselines, by monitor.
    pub(crate) baselines: Mutex<BTreeMap<Name, Arc<KnownBaseline>>>,
    /// Bounds the checks that run at once.
    pub(crate) checks: Semaphore,
    /// Rung when a message may have become due.
    pub(crate) outbox: Notify,
}

/// Why the engine cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A monitor that the configuration does not have.
    #[error("there is no monitor `{0}`")]
    NoSuchMonitor(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// An engine for a loaded workspace.
    pub fn new(workspace: Workspace, ports: Ports) -> Self {
        let checks = Semaphore::new(workspace.daemon.checks_max.max(1) as usize);
        Self { workspace, ports, baselines: Mutex::default(), checks, outbox: Notify::new() }
    }

    /// The configuration it runs.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    pub(crate) fn monitor(&self, id: &str) -> Result<&Monitor, EngineError> {
        self.workspace.monitors.get(id).ok_or_else(|| EngineError::NoSuchMonitor(id.to_owned()))
    }

    /// The runbook of a monitor; configuration guarantees it.
    pub(crate) fn runbook(&self, monitor: &Monitor) -> Option<&Runbook> {
        self.workspace.runbooks.get(&monitor.runbook)
    }
}
