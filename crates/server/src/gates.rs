//! Gates as clients see them: what the configuration says joined with what the store holds.

mod memory;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::Bytes;
use serde::Serialize;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{GateState, Name, Time, Unreachable, Workspace};
use watchkeeper_store::GateRecord;

pub(crate) use self::memory::{Gates, Memory};
use crate::House;

/// Who asked for which gate since the daemon began, by name.
#[derive(Debug, Default)]
pub(crate) struct GateAsks(Mutex<BTreeMap<String, Asked>>);

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

impl GateAsks {
    /// Notes that clients asked for these gates.
    pub(crate) fn note<'a>(&self, names: impl Iterator<Item = &'a Name>, now: Time) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if !asked.contains_key(name.as_str()) {
                asked.insert(name.to_string(), Asked::default());
            }
            if let Some(entry) = asked.get_mut(name.as_str()) {
                *entry = Asked { times: entry.times + 1, last: Some(now) };
            }
        }
    }

    /// When a gate was asked for last.
    pub(crate) fn last(&self, name: &Name) -> Option<Time> {
        self.all().get(name.as_str())?.last
    }

    /// How often each gate was asked for.
    pub(crate) fn all(&self) -> BTreeMap<String, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Every gate, by name. Only configured ones exist; one that was never set is open.
fn views(workspace: &Workspace, records: Vec<GateRecord>) -> Vec<GateView> {
    let mut set: BTreeMap<Name, GateRecord> = records.into_iter().map(|gate| (gate.name.clone(), gate)).collect();
    let known = workspace.gates.iter();
    let mut views: Vec<GateView> =
        known.map(|(name, gate)| GateView::of(name, gate.on_unreachable, set.remove(name))).collect();
    // A gate that left the configuration while it was paused stays paused for those that still ask for it.
    let paused = set.into_iter().filter(|(_, record)| record.state == GateState::Paused);
    views.extend(paused.map(|(name, record)| GateView::of(&name, Unreachable::Paused, Some(record))));
    views.sort_by(|a, b| a.name.cmp(&b.name));
    views
}

impl House {
    /// Every gate, by name.
    pub(crate) async fn gates(&self) -> Result<Vec<GateView>, StoreError> {
        Ok(self.known_gates().await?.views.clone())
    }

    /// One gate, which a client asks for; `None` when it is not configured, and not paused either.
    pub(crate) async fn gate_asked_for(&self, name: &str) -> Result<Option<GateView>, StoreError> {
        let gates = self.known_gates().await?;
        let found = gates.get(name);
        self.gate_asks().note(found.iter().map(|(gate, _)| &gate.name), self.now());
        Ok(found.map(|(gate, _)| gate.clone()))
    }

    /// The answer to a client that evaluates one gate; `None` when there is no such gate.
    pub(crate) async fn gate_evaluated(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        let gates = self.known_gates().await?;
        let found = gates.get(name);
        self.gate_asks().note(found.iter().map(|(gate, _)| &gate.name), self.now());
        Ok(found.map(|(_, answer)| answer))
    }

    /// Every gate, for a client that asks for all of them.
    pub(crate) async fn gates_asked_for(&self) -> Result<Arc<Gates>, StoreError> {
        let gates = self.known_gates().await?;
        self.gate_asks().note(gates.views.iter().map(|gate| &gate.name), self.now());
        Ok(gates)
    }
}

impl GateView {
    fn of(name: &Name, on_unreachable: Unreachable, record: Option<GateRecord>) -> Self {
        let state = record.as_ref().map_or(GateState::Open, |record| record.state);
        let (since, by, reason) = record.map_or((None, None, None), |record| (record.since, record.by, record.reason));
        Self { name: name.clone(), state, since, by, reason, on_unreachable }
    }
}
