//! Gates as clients see them: what the configuration says joined with what the store holds.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use serde::Serialize;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Gate, GateState, Name, Time, Unreachable};
use watchkeeper_store::{GateRecord, SqliteStore};

/// The gates of a workspace. Only configured ones exist; one that was never set is open.
#[derive(Clone)]
pub(crate) struct Gates {
    known: Arc<RwLock<Arc<BTreeMap<Name, Gate>>>>,
    store: Arc<SqliteStore>,
    asked: Arc<Mutex<BTreeMap<String, Asked>>>,
}

/// How a gate was asked since the daemon began.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked {
    /// How often.
    pub(crate) times: u64,
    /// When last.
    pub(crate) last: Option<Time>,
}

/// A gate in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct GateView {
    pub(crate) name: Name,
    pub(crate) state: GateState,
    /// Since when; null when it was never set, like `by` and `reason`.
    pub(crate) since: Option<Time>,
    pub(crate) by: Option<String>,
    pub(crate) reason: Option<String>,
    /// What a client assumes when it cannot ask.
    pub(crate) on_unreachable: Unreachable,
}

impl Gates {
    /// The configured gates over a store.
    pub(crate) fn new(known: BTreeMap<Name, Gate>, store: Arc<SqliteStore>) -> Self {
        Self { known: Arc::new(RwLock::new(Arc::new(known))), store, asked: Arc::default() }
    }

    /// Takes the gates of a reloaded configuration; every clone answers by them from now on.
    pub(crate) fn replace(&self, known: BTreeMap<Name, Gate>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
    }

    /// Notes that clients asked for these gates.
    pub(crate) fn note_asked<'a>(&self, names: impl Iterator<Item = &'a Name>, now: Time) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            let entry = asked.entry(name.to_string()).or_default();
            *entry = Asked { times: entry.times + 1, last: Some(now) };
        }
    }

    /// When a gate was asked for last.
    pub(crate) fn asked(&self, name: &Name) -> Option<Time> {
        self.all_asked().get(name.as_str())?.last
    }

    /// How often each gate was asked for.
    pub(crate) fn all_asked(&self) -> BTreeMap<String, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn known(&self) -> Arc<BTreeMap<Name, Gate>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every gate, by name.
    pub(crate) async fn all(&self) -> Result<Vec<GateView>, StoreError> {
        let records =
            self.store.gates().await.inspect_err(|error| tracing::error!(?error, "the gates cannot be read"))?;
        let mut set: BTreeMap<Name, GateRecord> = records.into_iter().map(|gate| (gate.name.clone(), gate)).collect();
        let mut views: Vec<GateView> =
            self.known().iter().map(|(name, gate)| GateView::of(name, gate.on_unreachable, set.remove(name))).collect();
        // A gate that left the configuration while it was paused stays paused for those that still ask for it.
        let paused = set.into_iter().filter(|(_, record)| record.state == GateState::Paused);
        views.extend(paused.map(|(name, record)| GateView::of(&name, Unreachable::Paused, Some(record))));
        views.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(views)
    }

    /// One gate; `None` when it is not configured, and not paused either.
    pub(crate) async fn one(&self, name: &str) -> Result<Option<GateView>, StoreError> {
        Ok(self.all().await?.into_iter().find(|gate| gate.name.as_str() == name))
    }
}

impl GateView {
    fn of(name: &Name, on_unreachable: Unreachable, record: Option<GateRecord>) -> Self {
        let state = record.as_ref().map_or(GateState::Open, |record| record.state);
        let (since, by, reason) = record.map_or((None, None, None), |record| (record.since, record.by, record.reason));
        Self { name: name.clone(), state, since, by, reason, on_unreachable }
    }
}
