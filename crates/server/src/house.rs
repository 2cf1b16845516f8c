//! What every route works on: the store, the configuration as it is now, the clock, and what the daemon does for visitors.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::{Name, Secret, Time, Workspace};
use watchkeeper_store::{SqlStore, Verified};

use crate::{
    Pulse,
    access::Provider,
    act::Pressed,
    events::Events,
    gates::{GateAsks, Memory},
    metrics::Metrics,
};

/// Something that the daemon does for a visitor: what came of it as JSON, or why not in words.
pub type Doing = Pin<Box<dyn Future<Output = Result<serde_json::Value, String>> + Send>>;

/// Reads a secret where it is kept, or says in words why it cannot.
pub type ReadSecret = Box<dyn Fn(&Secret) -> Result<String, String> + Send + Sync>;

/// What the daemon itself does for visitors, since it takes an engine.
pub trait Hands: Send + Sync {
    /// Evaluates a monitor now and acts on nothing; gives what `check --json` prints.
    fn check(&self, monitor: Name) -> Doing;
    /// Begins a pretended breach of a monitor; gives the drill's incident.
    fn drill(&self, monitor: Name, by: String) -> Doing;
    /// Computes a monitor's baseline anew and freezes it.
    fn refresh_baseline(&self, monitor: Name, by: String) -> Doing;
    /// Reads the configuration again.
    fn reload(&self) -> Doing;
}

/// What a [`House`] is made of.
pub struct Parts {
    /// State.
    pub store: Arc<SqlStore>,
    /// The configuration.
    pub workspace: Workspace,
    /// What the workspace is called: its folder's name.
    pub name: String,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How the engine is.
    pub pulse: Box<dyn Fn() -> Pulse + Send + Sync>,
    /// What the daemon does for visitors.
    pub hands: Arc<dyn Hands>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Secrets of the sign-on, as they are read.
    pub secrets: ReadSecret,
}

/// What every route works on.
#[derive(Clone)]
pub struct House(Arc<Inner>);

struct Inner {
    parts: Parts,
    gate_asks: GateAsks,
    gate_memory: Memory,
    configuration: RwLock<Loaded>,
    verified: Mutex<Seal>,
    pressed: Pressed,
    events: Events,
    provider: Provider,
    began: Time,
}

/// A configuration, and since when it is in force.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) since: Time,
}

/// How far the ledger's chain is known to be whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seal {
    /// Up to this row.
    pub(crate) whole: Option<Verified>,
    /// What is wrong with it.
    pub(crate) fault: Option<String>,
}

impl House {
    /// Opens the house.
    pub fn new(parts: Parts) -> Self {
        let now = parts.clock.now();
        parts.metrics.begin_at_zero(&parts.workspace);
        let workspace = Arc::new(parts.workspace.clone());
        Self(Arc::new(Inner {
            gate_asks: GateAsks::default(),
            gate_memory: Memory::default(),
            configuration: RwLock::new(Loaded { workspace, since: now }),
            verified: Mutex::default(),
            pressed: Pressed::default(),
            events: Events::default(),
            provider: Provider::default(),
            began: now,
            parts,
        }))
    }

    /// Takes a reloaded configuration; every route answers by it from now on.
    pub fn replace(&self, workspace: Workspace) {
        self.metrics().begin_at_zero(&workspace);
        let loaded = Loaded { workspace: Arc::new(workspace), since: self.now() };
        *self.0.configuration.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        self.0.provider.forget();
        self.0.gate_memory.forget();
    }

    pub(crate) fn loaded(&self) -> Loaded {
        self.0.configuration.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn workspace(&self) -> Arc<Workspace> {
        self.loaded().workspace
    }

    pub(crate) fn store(&self) -> &SqlStore {
        &self.0.parts.store
    }

    pub(crate) fn gate_asks(&self) -> &GateAsks {
        &self.0.gate_asks
    }

    pub(crate) fn gate_memory(&self) -> &Memory {
        &self.0.gate_memory
    }

    pub(crate) fn now(&self) -> Time {
        self.0.parts.clock.now()
    }

    pub(crate) fn pulse(&self) -> Pulse {
        (self.0.parts.pulse)()
    }

    pub(crate) fn hands(&self) -> &dyn Hands {
        &*self.0.parts.hands
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.parts.metrics
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.parts.name
    }

    pub(crate) fn began(&self) -> Time {
        self.0.began
    }

    pub(crate) fn pressed(&self) -> &Pressed {
        &self.0.pressed
    }

    pub(crate) fn events(&self) -> &Events {
        &self.0.events
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.0.provider
    }

    pub(crate) fn secret(&self, secret: &Secret) -> Result<String, String> {
        (self.0.parts.secrets)(secret)
    }

    pub(crate) fn seal(&self) -> MutexGuard<'_, Seal> {
        self.0.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on verifying the ledger's chain where it was left, for as long as the house stands.
    pub async fn keep_verifying(&self) {
        loop {
            let after = self.seal().whole.clone();
            match self.store().verify_ledger_after(after).await {
                Ok(whole) => *self.seal() = Seal { whole: Some(whole), fault: None },
                Err(fault) => self.seal().fault = Some(fault.to_string()),
            }
            let next = self.now() + chrono::TimeDelta::seconds(30);
            self.0.parts.clock.sleep_until(next).await;
        }
    }
}
