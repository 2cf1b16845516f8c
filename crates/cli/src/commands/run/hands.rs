//! Hands: what the daemon does for visitors of its page and API.

use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use watchkeeper_engine::{Engine, ports::clock::Clock as _};
use watchkeeper_model::Name;
use watchkeeper_server::{Doing, Hands};

use crate::clock::SystemClock;

/// Who asked for a reload, and is told the digest of the configuration that runs, or why it does not.
pub(super) type Reply = oneshot::Sender<Result<String, String>>;

/// The daemon's own end of its hands.
pub(super) struct Asking {
    /// Who asks for a reload.
    pub(super) reload: mpsc::Receiver<Reply>,
    engine: Arc<RwLock<Arc<Engine>>>,
}

/// The hands.
pub(super) struct DaemonHands {
    engine: Arc<RwLock<Arc<Engine>>>,
    reload: mpsc::Sender<Reply>,
}

impl Asking {
    /// A reload has made a new engine.
    pub(super) fn use_engine(&self, engine: Arc<Engine>) {
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = engine;
    }
}

impl DaemonHands {
    pub(super) fn new(engine: Arc<Engine>) -> (Self, Asking) {
        let engine = Arc::new(RwLock::new(engine));
        let (sender, reload) = mpsc::channel(8);
        (Self { engine: Arc::clone(&engine), reload: sender }, Asking { reload, engine })
    }

    fn engine(&self) -> Arc<Engine> {
        self.engine.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Hands for DaemonHands {
    fn check(&self, monitor: Name) -> Doing {
        let engine = self.engine();
        Box::pin(async move {
            let evaluation = engine.evaluate(monitor.as_str(), SystemClock.now()).await;
            let evaluation = evaluation.map_err(|error| error.to_string())?;
            serde_json::to_value(evaluation).map_err(|error| error.to_string())
        })
    }

    fn drill(&self, monitor: Name, by: String) -> Doing {
        let engine = self.engine();
        Box::pin(async move {
            let drill = engine.begin_drill(monitor.as_str(), &by).await.map_err(|error| error.to_string())?;
            Ok(json!({ "id": drill.id, "monitor": drill.monitor }))
        })
    }

    fn refresh_baseline(&self, monitor: Name, by: String) -> Doing {
        let engine = self.engine();
        Box::pin(async move {
            let kept = engine.freeze_baseline(monitor.as_str(), &by, true).await.map_err(|error| error.to_string())?;
            Ok(json!({ "monitor": kept.monitor }))
        })
    }

    fn reload(&self) -> Doing {
        let reload = self.reload.clone();
        Box::pin(async move {
            let (reply, told) = oneshot::channel();
            let stopping = || "the daemon is stopping".to_owned();
            reload.send(reply).await.map_err(|_| stopping())?;
            let digest = told.await.map_err(|_| stopping())??;
            Ok::<Value, String>(json!({ "config": digest }))
        })
    }
}
