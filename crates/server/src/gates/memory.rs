//! The gates in memory: what clients ask thousands of times a second is answered without the store, for as long as what is
//! known is fresh. A gate that this process sets is known at once, and on a file one that another sets; a server rings, and is
//! looked at.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::body::Bytes;
use serde_json::json;
use tokio::time::Instant;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::Workspace;
use watchkeeper_store::{GateRecord, GatesMark};

use super::GateView;
use crate::{House, ofrep};

/// How old an answer may be. An older one is not given: the store is asked, and where it cannot be, the client acts as its
/// gate's `on_unreachable` says.
const FRESH: Duration = Duration::from_secs(1);
/// How long a client waits for a store that does not answer, before it is told to act by its rule.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How often the store is looked at where nothing rings.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The gates as they are known.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    known: RwLock<Option<Known>>,
    /// How often they were asked for.
    asked: AtomicU64,
}

#[derive(Debug, Clone)]
struct Known {
    gates: Arc<Gates>,
    /// When it was read.
    at: Instant,
    mark: GatesMark,
}

/// Every gate, and the answers that it gives.
#[derive(Debug)]
pub(crate) struct Gates {
    /// What the store held.
    records: Vec<GateRecord>,
    pub(crate) views: Vec<GateView>,
    answers: HashMap<String, (usize, Bytes)>,
    /// The answer to who asks for all of them, and its tag.
    pub(crate) all: (Bytes, String),
}

impl Gates {
    fn of(workspace: &Workspace, records: Vec<GateRecord>) -> Self {
        let views = super::views(workspace, records.clone());
        let answers: Vec<_> = views.iter().map(ofrep::evaluation).collect();
        let of_one = |(index, view): (usize, &GateView)| (view.name.to_string(), (index, bytes(&answers[index])));
        let of_each = views.iter().enumerate().map(of_one).collect();
        let all = json!({ "flags": answers });
        let tag = ofrep::tag_of(&all);
        Self { records, answers: of_each, all: (bytes(&all), tag), views }
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
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The configuration has changed: what gates there are is not known any more.
    pub(crate) fn forget(&self) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn know(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

impl House {
    /// The gates, from memory as long as that is fresh.
    pub(crate) async fn known_gates(&self) -> Result<Arc<Gates>, StoreError> {
        self.gate_memory().asked.fetch_add(1, Ordering::Relaxed);
        let is_fresh = |known: &Known| known.at.elapsed() < FRESH && known.mark == self.store().gates_mark();
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
        let (at, mark, workspace) = (Instant::now(), self.store().gates_mark(), self.workspace());
        let records = self.store().gates().await;
        let records = records.inspect_err(|error| tracing::error!(?error, "the gates cannot be read"))?;
        let same = self.gate_memory().known().filter(|known| known.gates.records == records);
        let gates = same.map_or_else(|| Arc::new(Gates::of(&workspace, records)), |known| known.gates);
        // A reload in between has gates of its own.
        if Arc::ptr_eq(&workspace, &self.workspace()) {
            self.gate_memory().know(Known { gates: Arc::clone(&gates), at, mark });
        }
        Ok(gates)
    }

    /// Keeps the gates in memory while they are asked for, for as long as the house stands.
    pub async fn keep_gates(&self) {
        let mut seen = 0;
        loop {
            let rung = self.store().gates_rung();
            // One that cannot be read is tried again; meanwhile what is known grows old.
            let _ = tokio::time::timeout(FRESH, self.read_gates()).await;
            tokio::pin!(rung);
            // Nobody asks and nothing rings: nothing is looked at.
            while tokio::time::timeout(LOOK_EVERY, &mut rung).await.is_err() {
                let asked = self.gate_memory().asked.load(Ordering::Relaxed);
                if std::mem::replace(&mut seen, asked) != asked {
                    break;
                }
            }
        }
    }
}
