//! The gates in memory: what clients ask thousands of times a second is answered without the store, for as long as what is
//! known is fresh. A gate that this process sets is known at once; of one that another sets the store rings, or is looked at.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::body::Bytes;
use serde_json::json;
use tokio::time::Instant;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_store::GateRecord;

use super::GateView;
use crate::{House, ofrep};

/// How old an answer may be. An older one is not given: the store is asked, and where it cannot be, the client acts as its
/// gate's `on_unreachable` says.
const FRESH: Duration = Duration::from_secs(1);
/// How long a client waits for a store that does not answer, before it is told to act by its rule.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How often the store is looked at where nothing rings.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The gates as they are known.
#[derive(Debug, Default)]
pub(crate) struct Memory(RwLock<Option<Known>>);

#[derive(Debug, Clone)]
struct Known {
    gates: Arc<Gates>,
    /// What the store held.
    records: Vec<GateRecord>,
    /// When it was read.
    at: Instant,
    /// How many gates this process had set by then.
    set: u64,
}

/// Every gate, and the answers that it gives.
#[derive(Debug)]
pub(crate) struct Gates {
    pub(crate) views: Vec<GateView>,
    answers: HashMap<String, (usize, Bytes)>,
    /// The answer to who asks for all of them, and its tag.
    pub(crate) all: (Bytes, String),
}

impl Gates {
    pub(super) fn of(views: Vec<GateView>) -> Self {
        let answers: Vec<_> = views.iter().map(ofrep::evaluation).collect();
        let of_one = |(index, view): (usize, &GateView)| (view.name.to_string(), (index, bytes(&answers[index])));
        let of_each = views.iter().enumerate().map(of_one).collect();
        let all = json!({ "flags": answers });
        let tag = ofrep::tag_of(&all);
        Self { answers: of_each, all: (bytes(&all), tag), views }
    }

    /// A gate, and the answer to who asks for it.
    pub(crate) fn get(&self, name: &str) -> Option<(&GateView, Bytes)> {
        let (index, answer) = self.answers.get(name)?;
        Some((self.views.get(*index)?, answer.clone()))
    }
}

fn bytes(value: &serde_json::Value) -> Bytes {
    value.to_string().into()
}

impl Memory {
    fn known(&self) -> Option<Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The configuration has changed: what gates there are is not known any more.
    pub(crate) fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn know(&self, known: Known) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

impl House {
    /// The gates, from memory as long as that is fresh.
    pub(crate) async fn known_gates(&self) -> Result<Arc<Gates>, StoreError> {
        let is_fresh = |known: &Known| known.at.elapsed() < FRESH && known.set == self.store().gates_set();
        match self.gate_memory().known().filter(is_fresh) {
            Some(known) => Ok(known.gates),
            None => match tokio::time::timeout(WAIT_MAX, self.read_gates()).await {
                Ok(read) => read,
                Err(late) => Err(StoreError::Failed { doing: "read the gates", source: late.into() }),
            },
        }
    }

    /// Reads the gates, and remembers them.
    async fn read_gates(&self) -> Result<Arc<Gates>, StoreError> {
        let (at, set, workspace) = (Instant::now(), self.store().gates_set(), self.workspace());
        let records = self.store().gates().await;
        let records = records.inspect_err(|error| tracing::error!(?error, "the gates cannot be read"))?;
        let same = self.gate_memory().known().filter(|known| known.records == records);
        let gates =
            same.map_or_else(|| Arc::new(Gates::of(super::views(&workspace, records.clone()))), |known| known.gates);
        // A reload in between has gates of its own.
        if Arc::ptr_eq(&workspace, &self.workspace()) {
            self.gate_memory().know(Known { gates: Arc::clone(&gates), records, at, set });
        }
        Ok(gates)
    }

    /// Keeps the gates in memory for as long as the house stands.
    pub async fn keep_gates(&self) {
        loop {
            let rung = self.store().gates_rung();
            // One that cannot be read is tried again; meanwhile what is known grows old.
            let _ = tokio::time::timeout(FRESH, self.read_gates()).await;
            let _ = tokio::time::timeout(LOOK_EVERY, rung).await;
        }
    }
}
