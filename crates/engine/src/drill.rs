//! Drill: a pretended breach through runbook, messages and handoff, marked as a drill everywhere.

use serde_json::json;
use watchkeeper_model::{Comparison, Incident, Labels, Monitor, Series, SeriesReport, Subject, Verdict};

use crate::{
    decide::{open_incident, overdue, plan},
    engine::Engine,
    error::EngineError,
    ports::store::{CheckRecord, LedgerRow},
    watched::Watched,
};

impl Engine {
    /// Pretends that a monitor is in breach now, and sees it through; gives the drill's incident.
    pub async fn drill(&self, monitor: &str, by: &str) -> Result<Incident, EngineError> {
        let incident = self.begin_drill(monitor, by).await?;
        self.finish().await?;
        Ok(incident)
    }

    /// Records the pretended breach, and leaves its steps and messages to an engine that watches.
    pub async fn begin_drill(&self, monitor: &str, by: &str) -> Result<Incident, EngineError> {
        let Watched { monitor, runbook } = self.watched(monitor)?;
        let now = self.clock.now();
        let incident = open_incident(monitor, &Labels::new(), vec![pretended(monitor)], now, true);
        let steps = plan(&self.workspace, monitor, runbook, &incident);
        let record = CheckRecord {
            verdict: Verdict::Breach,
            evaluation: json!({ "monitor": monitor.id, "at": now, "drill": true }),
            newest: None,
            states: Vec::new(),
            incidents: vec![incident.clone()],
            messages: overdue(&self.workspace, runbook, &steps, now),
            steps,
            going_on: Vec::new(),
            resolved: Vec::new(),
            ledger: vec![LedgerRow {
                kind: "drill.opened",
                subject: incident.id.clone(),
                body: json!({ "monitor": monitor.id, "at": now, "by": by }),
            }],
            at: now,
        };
        self.store.record_drill(&record).await?;
        self.steps.ring();
        self.outbox.ring();
        Ok(incident)
    }
}

/// The first threshold's series, without a value: a drill measures nothing.
fn pretended(monitor: &Monitor) -> SeriesReport {
    let threshold = monitor.thresholds.first();
    let limit = threshold.and_then(|threshold| threshold.breach.as_ref()).map(Comparison::to_string);
    SeriesReport {
        subject: Subject::Series(Series {
            metric: threshold.map_or_else(|| "drill".to_owned(), |threshold| threshold.metric.clone()),
            labels: Labels::new(),
        }),
        value: None,
        baseline: None,
        verdict: Verdict::Breach,
        limit: limit.unwrap_or_default(),
        excess: None,
        detail: Some("a drill: nothing was measured".to_owned()),
    }
}
