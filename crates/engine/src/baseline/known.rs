//! What the engine knows of a fixed baseline between ticks.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::json;
use tokio::sync::OnceCell;
use watchkeeper_model::{Baseline, Monitor, Name, Series, Time, digest_of};

use super::Baselines;
use super::{
    memory::Memory,
    origin::{FrozenRows, Origin},
};
use crate::ports::baseline::{Fingerprint, KeptBaseline, MeasuredBaseline};
use crate::ports::{
    checker::{CheckOutcome, CheckRequest},
    frame::{Frame, FrameError, FrameFault, Moment, Span},
};

/// The check's own values on a baseline.
type Values = Arc<BTreeMap<Series, f64>>;

/// A baseline, open for one tick.
pub(crate) struct OpenBaseline {
    /// Its rows.
    pub(crate) frame: Arc<dyn Frame>,
    /// What is remembered of it; `None` for one that moves with the window.
    pub(super) known: Option<Arc<KnownBaseline>>,
}

/// What is known of a fixed baseline.
pub(crate) struct KnownBaseline {
    /// When it was frozen; `None` while it is not.
    pub(crate) frozen_at: Option<Time>,
    /// What its source was known by when it was opened.
    identity: Option<String>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) origin: Arc<Origin>,
    /// The digest of plugin and parameters, and the values measured with them.
    pub(crate) values: Mutex<Option<(String, Values)>>,
}

/// The source and the rows' times of a fixed baseline.
pub(crate) fn fixed(baseline: &Baseline) -> Option<(&Name, Span)> {
    match baseline {
        Baseline::Whole { source } => Some((source, Span::default())),
        Baseline::Range { source, from, to } => Some((source, Span { start: Some(*from), end: Some(*to) })),
        Baseline::Offset(_) => None,
    }
}

/// The source and the rows' times of a monitor's baseline at a tick whose own rows lie in `span`.
pub(crate) fn at_tick(monitor: &Monitor, span: Span) -> Option<(&Name, Span)> {
    let baseline = monitor.baseline.as_ref()?;
    let Baseline::Offset(by) = baseline else { return fixed(baseline) };
    let earlier = |time: Option<Time>| time.map(|time| monitor.schedule.window_start(time, *by));
    Some((&monitor.input.source, Span { start: earlier(span.start), end: earlier(span.end) }))
}

impl Baselines {
    /// Opens a monitor's baseline for a tick whose own rows lie in `span`, in the same look at the sources.
    pub(crate) async fn open(
        &self,
        moment: &dyn Moment,
        monitor: &Monitor,
        span: Span,
    ) -> Result<Option<OpenBaseline>, FrameError> {
        let Some(baseline) = &monitor.baseline else { return Ok(None) };
        let opened = match fixed(baseline) {
            Some((source, span)) => self.known_of(moment, monitor, source, span).await.map(OpenBaseline::of),
            None => {
                let Some((source, span)) = at_tick(monitor, span) else { return Ok(None) };
                moment.open(source, span).await.map(|frame| OpenBaseline { frame, known: None })
            }
        };
        opened.map(Some).map_err(|error| FrameError::new(error.fault, format!("the baseline: {error}")))
    }

    /// What is known of a fixed baseline; read anew when it was frozen since, or when its data changed before it was.
    async fn known_of(
        &self,
        moment: &dyn Moment,
        monitor: &Monitor,
        source: &Name,
        span: Span,
    ) -> Result<Arc<KnownBaseline>, FrameError> {
        let away = |error: &dyn std::fmt::Display| FrameError::new(FrameFault::Unreachable, error.to_string());
        let frozen_at = self.store.baseline_frozen_at(&monitor.id).await.map_err(|error| away(&error))?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&monitor.id).cloned();
        if let Some(known) = known.clone().filter(|known| frozen_at.is_some() && known.frozen_at == frozen_at) {
            return Ok(known);
        }
        if frozen_at.is_some() {
            let kept = self.store.baseline(&monitor.id).await.map_err(|error| away(&error))?;
            if let Some(kept) = kept.filter(|kept| kept.digest.fingerprint.is_of(source, span)) {
                return Ok(self.remember(&monitor.id, self.thawed(kept)));
            }
        }
        let identity = self.sources.identity(source).await?;
        if let Some(known) = known.filter(|known| known.frozen_at.is_none() && known.identity == identity) {
            return Ok(known);
        }
        let frame = moment.open(source, span).await?;
        let memory = Arc::new(Memory::of(&*frame));
        let origin = Arc::new(Origin::Open(frame));
        Ok(self.remember(&monitor.id, KnownBaseline::unfrozen(identity, memory, origin)))
    }

    pub(crate) fn remember(&self, monitor: &Name, known: KnownBaseline) -> Arc<KnownBaseline> {
        let known = Arc::new(known);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(monitor.clone(), Arc::clone(&known));
        known
    }

    /// A frozen baseline as the engine knows it: its data is not opened.
    pub(crate) fn thawed(&self, kept: KeptBaseline) -> KnownBaseline {
        let KeptBaseline { monitor, frozen_at, digest, .. } = kept;
        let values = digest.measured.map(|measured| (measured.with.clone(), Arc::new(measured.by_series())));
        let rows = FrozenRows {
            monitor,
            sources: Arc::clone(&self.sources),
            fingerprint: digest.fingerprint,
            opened: OnceCell::new(),
        };
        KnownBaseline {
            frozen_at: Some(frozen_at),
            identity: None,
            memory: Arc::new(Memory::from_digest(digest.frame)),
            origin: Arc::new(Origin::Frozen(Box::new(rows))),
            values: Mutex::new(values),
        }
    }

    /// The check's own measurements on the baseline, as `request` asks for them. Those of a fixed one are measured once.
    pub(crate) async fn values(
        &self,
        monitor: &Monitor,
        baseline: &OpenBaseline,
        request: CheckRequest,
    ) -> Result<Values, String> {
        let with = self.measured_with(monitor);
        let kept = baseline.known.as_ref().map(|known| &known.values);
        if let Some(kept) = kept {
            let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, values)) = kept.as_ref().filter(|(known, _)| *known == with) {
                return Ok(Arc::clone(values));
            }
        }
        let values: Values = match self.checker.check(request).await {
            CheckOutcome::Measured(values) => Arc::new(values.into_iter().map(|m| (m.series, m.value)).collect()),
            CheckOutcome::NoData(reason) | CheckOutcome::Failed(reason) | CheckOutcome::Unread(reason) => {
                return Err(format!("the check cannot be run on the baseline: {reason}"));
            }
        };
        if let Some(kept) = kept {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((with, Arc::clone(&values)));
        }
        Ok(values)
    }

    /// What the values on a baseline depend on besides its rows.
    fn measured_with(&self, monitor: &Monitor) -> String {
        let plugin = self.checker.digest(&monitor.check.plugin).unwrap_or_default();
        digest_of(&[&monitor.check.plugin, &plugin, &json!(monitor.check.params).to_string()])
    }
}

impl KnownBaseline {
    /// A baseline that is not frozen, of which nothing is known but where its rows are.
    pub(super) fn unfrozen(identity: Option<String>, memory: Arc<Memory>, origin: Arc<Origin>) -> Self {
        Self { frozen_at: None, identity, memory, origin, values: Mutex::default() }
    }
}

impl Fingerprint {
    /// Whether it is of these rows of this source.
    pub(crate) fn is_of(&self, source: &Name, span: Span) -> bool {
        self.source == *source && self.span == span
    }
}

impl MeasuredBaseline {
    pub(crate) fn by_series(&self) -> BTreeMap<Series, f64> {
        let series = |metric: &String, labels: &_| Series { metric: metric.clone(), labels: Clone::clone(labels) };
        self.values.iter().map(|(metric, labels, value)| (series(metric, labels), *value)).collect()
    }
}
