//! Drill: a pretended breach through runbook, messages and handoff, marked as a drill everywhere.

use serde_json::json;
use watchkeeper_model::{Comparison, Incident, Labels, Monitor, Series, SeriesReport, Verdict};

use crate::{
    Engine, EngineError,
    decide::{open_incident, plan},
    ports::store::{CheckRecord, LedgerRow},
};

impl Engine {
    /// Pretends that a monitor is in breach now; gives the drill's incident, or `None` for a monitor without a
    /// runbook.
    pub async fn drill(&self, monitor: &str) -> Result<Option<Incident>, EngineError> {
        let monitor = self.monitor(monitor)?;
        let Some(runbook) = self.runbook(monitor) else { return Ok(None) };
        let now = self.ports.clock.now();
        let incident = open_incident(monitor, &Labels::new(), vec![pretended(monitor)], now, true);
        let record = CheckRecord {
            verdict: Verdict::Breach,
            evaluation: json!({ "monitor": monitor.id, "at": now, "drill": true }),
            states: Vec::new(),
            incidents: vec![incident.clone()],
            steps: plan(&self.workspace, monitor, runbook, &incident),
            messages: Vec::new(),
            cancel: Vec::new(),
            ledger: vec![LedgerRow {
                kind: "drill.opened",
                subject: incident.id.clone(),
                body: json!({ "monitor": monitor.id, "at": now }),
            }],
            at: now,
        };
        self.ports.store.record_drill(&record).await?;
        self.run_steps(&incident.id).await?;
        self.deliver_due().await?;
        Ok(Some(incident))
    }
}

/// The first threshold's series, without a value: a drill measures nothing.
fn pretended(monitor: &Monitor) -> SeriesReport {
    let threshold = monitor.thresholds.first();
    let limit = threshold.and_then(|threshold| threshold.breach.as_ref()).map(Comparison::to_string);
    SeriesReport {
        series: Series {
            metric: threshold.map_or_else(|| "drill".to_owned(), |threshold| threshold.metric.clone()),
            labels: Labels::new(),
        },
        value: None,
        baseline: None,
        verdict: Verdict::Breach,
        limit: limit.unwrap_or_default(),
        excess: None,
        detail: Some("a drill: nothing was measured".to_owned()),
    }
}
