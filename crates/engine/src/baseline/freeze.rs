//! Freeze: a fixed baseline's digest goes into the store, by command or after the first tick that needed it.

use std::sync::{Arc, PoisonError};

use serde_json::json;
use watchkeeper_model::{Monitor, Threshold, Time, Verdict};

use super::Baselines;
use super::{
    fingerprint,
    known::{KnownBaseline, OpenBaseline, fixed},
    memory::Memory,
    origin::Origin,
    remembered::RememberedFrame,
    spread,
};
use crate::ports::baseline::{BaselineDigest, KeptBaseline, MeasuredBaseline};
use crate::{
    error::EngineError,
    ports::{
        checker::{CheckOutcome, CheckRequest},
        frame::{Frame, FrameError, FrameFault, Span},
        history::NoHistory,
        store::LedgerRow,
    },
};

/// Why a baseline cannot be frozen.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The monitor compares with nothing, or with a window that moves.
    #[error("`{0}` has no fixed baseline: only a source, whole or from and to, can be frozen")]
    NotFixed(String),
    /// It is frozen already.
    #[error("the baseline of `{monitor}` is frozen since {at} by {by}")]
    Frozen {
        /// The monitor.
        monitor: String,
        /// Since when.
        at: Time,
        /// By whom.
        by: String,
    },
    /// The check does not work on it.
    #[error("the check of `{monitor}` cannot be run on its baseline: {reason}")]
    Unfit {
        /// The monitor.
        monitor: String,
        /// Why.
        reason: String,
    },
    /// The data cannot be read.
    #[error("the baseline of `{monitor}` cannot be read: {reason}")]
    Unread {
        /// The monitor.
        monitor: String,
        /// Why.
        reason: FrameError,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Baselines {
    /// Computes a monitor's baseline from its data as it is now, and freezes it. One that is frozen is replaced only
    /// if `refresh` says so.
    pub(crate) async fn freeze(
        &self,
        monitor: &Monitor,
        by: &str,
        refresh: bool,
    ) -> Result<KeptBaseline, BaselineError> {
        let (source, span) = monitor.baseline.as_ref().and_then(fixed).ok_or_else(|| not_fixed(monitor))?;
        let before = match self.store.baseline(&monitor.id).await {
            Ok(before) => before.filter(|kept| kept.digest.fingerprint.is_of(source, span)),
            // One that an older version froze may not be readable: this is how it is replaced.
            Err(error) if refresh => {
                tracing::warn!(monitor = %monitor.id, %error, "what was frozen before cannot be read");
                None
            }
            Err(error) => return Err(EngineError::from(error).into()),
        };
        if let Some(kept) = before.as_ref().filter(|_| !refresh) {
            let (monitor, at, by) = (monitor.id.to_string(), kept.frozen_at, kept.by.clone());
            return Err(BaselineError::Frozen { monitor, at, by });
        }
        let unread = |reason| BaselineError::Unread { monitor: monitor.id.to_string(), reason };
        let frame = self.sources.open(source, span).await.map_err(unread)?;
        let memory = Arc::new(Memory::of(&*frame));
        let origin = Arc::new(Origin::Open(frame));
        let known = KnownBaseline::new(memory, origin);
        self.rehearse(monitor, span, &known).await?;
        let kept = self.digested(monitor, &known, by).await.map_err(unread)?;
        self.keep(kept, before.as_ref()).await.map_err(BaselineError::from)
    }

    /// Freezes a fixed baseline after a tick that was judged with it, unless it is frozen.
    pub(crate) async fn freeze_after(&self, monitor: &Monitor, verdict: Verdict) -> Result<(), FrameError> {
        let judged = !matches!(verdict, Verdict::Error | Verdict::NoData);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&monitor.id).cloned();
        let Some(known) = known.filter(|known| judged && known.frozen_at.is_none()) else { return Ok(()) };
        let kept = self.digested(monitor, &known, "watchkeeper").await?;
        self.keep(kept, None)
            .await
            .map(|_| ())
            .map_err(|error| FrameError::new(FrameFault::Unreachable, error.to_string()))
    }

    /// Runs the check with the baseline on both sides, so that it asks all that it will ask of a baseline.
    async fn rehearse(&self, monitor: &Monitor, span: Span, known: &Arc<KnownBaseline>) -> Result<(), BaselineError> {
        let unfit = |reason| BaselineError::Unfit { monitor: monitor.id.to_string(), reason };
        let baseline = OpenBaseline::of(Arc::clone(known));
        let request = |compared: Option<Arc<dyn Frame>>| {
            CheckRequest::of(
                monitor,
                self.clock.now(),
                span,
                &Arc::default(),
                Arc::clone(&baseline.frame),
                compared,
                Arc::new(NoHistory),
            )
        };
        match self.checker.check(request(Some(Arc::clone(&baseline.frame)))).await {
            CheckOutcome::Measured(_) => {}
            CheckOutcome::NoData(reason) | CheckOutcome::Failed(reason) | CheckOutcome::Unread(reason) => {
                return Err(unfit(reason));
            }
        }
        if monitor.thresholds.iter().any(Threshold::needs_baseline) {
            self.values(monitor, &baseline, request(None)).await.map_err(unfit)?;
        }
        Ok(())
    }

    /// The digest of what is known.
    async fn digested(&self, monitor: &Monitor, known: &KnownBaseline, by: &str) -> Result<KeptBaseline, FrameError> {
        let not_fixed = || FrameError::new(FrameFault::Refused, not_fixed(monitor).to_string());
        let (source, span) = monitor.baseline.as_ref().and_then(fixed).ok_or_else(not_fixed)?;
        let frame = known.origin.frame().await?;
        spread::learn_all(&known.memory, &*frame).await?;
        let fingerprint = fingerprint::take(&*self.sources, source, span, &*frame).await?;
        let values = known.values.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let measured = values.map(|(with, values)| {
            let values = values.iter().map(|(series, value)| (series.metric.clone(), series.labels.clone(), *value));
            MeasuredBaseline { with, values: values.collect() }
        });
        let digest = BaselineDigest { fingerprint, frame: known.memory.digest(), measured };
        // The store keeps microseconds.
        let now = self.clock.now();
        let frozen_at = Time::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now);
        Ok(KeptBaseline { monitor: monitor.id.clone(), frozen_at, by: by.to_owned(), digest })
    }

    /// Commits a digest with its ledger row, and goes on with it.
    async fn keep(&self, kept: KeptBaseline, before: Option<&KeptBaseline>) -> Result<KeptBaseline, EngineError> {
        let print = &kept.digest.fingerprint;
        let row = LedgerRow {
            kind: if before.is_some() { "baseline.refreshed" } else { "baseline.frozen" },
            subject: kept.monitor.to_string(),
            body: json!({ "by": kept.by, "source": print.source, "rows": print.rows, "content": print.content,
                "before": before.map(|before| &before.digest.fingerprint.content) }),
        };
        self.store.keep_baseline(&kept, &[row]).await?;
        let known = self.thawed(kept.clone());
        self.remember(&kept.monitor, known);
        Ok(kept)
    }
}

impl KnownBaseline {
    /// A baseline of which nothing was asked yet.
    fn new(memory: Arc<Memory>, origin: Arc<Origin>) -> Arc<Self> {
        Arc::new(Self::unfrozen(None, memory, origin))
    }
}

impl OpenBaseline {
    /// A fixed baseline, remembered.
    pub(crate) fn of(known: Arc<KnownBaseline>) -> Self {
        let frame = RememberedFrame { memory: Arc::clone(&known.memory), origin: Arc::clone(&known.origin) };
        Self { frame: Arc::new(frame), known: Some(known) }
    }
}

fn not_fixed(monitor: &Monitor) -> BaselineError {
    BaselineError::NotFixed(monitor.id.to_string())
}
