//! Remedy rates: how often the first steps of a runbook helped.

use serde::Serialize;
use sqlx::{Row, any::AnyRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Name, Time};

use crate::{
    columns::{count, micros, name},
    fault::Fault,
    store::SqlStore,
};

/// What the first steps of a runbook did since a time; drills are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemedyRate {
    /// The runbook.
    pub runbook: Name,
    /// Incidents that were handed over.
    pub handoffs: u32,
    /// First steps that were done.
    pub acted: u32,
    /// Those of them that are being looked at.
    pub verifying: u32,
    /// Those that helped.
    pub remediated: u32,
    /// Those that did not help in time.
    pub not_remediated: u32,
}

impl RemedyRate {
    /// The part of the verified ones that helped; `None` where none was verified.
    pub fn rate(&self) -> Option<f64> {
        let verified = self.remediated + self.not_remediated;
        (verified > 0).then(|| f64::from(self.remediated) / f64::from(verified))
    }
}

impl SqlStore {
    /// The remedy rates of the handoffs since a time, by runbook.
    pub async fn remedy_rates(&self, since: Time) -> Result<Vec<RemedyRate>, StoreError> {
        let work = async {
            let rows = sqlx::query(
                "SELECT step.runbook, COUNT(*) AS handoffs,
                     SUM(CASE WHEN step.status = 'done' THEN 1 ELSE 0 END) AS acted,
                     SUM(CASE WHEN step.remedy = 'verifying' THEN 1 ELSE 0 END) AS verifying,
                     SUM(CASE WHEN step.remedy = 'remediated' THEN 1 ELSE 0 END) AS remediated,
                     SUM(CASE WHEN step.remedy = 'not_remediated' THEN 1 ELSE 0 END) AS not_remediated
                 FROM handoff
                 JOIN incident ON incident.id = handoff.incident AND incident.drill = 0
                 JOIN step ON step.run = handoff.run AND step.step = handoff.step
                 WHERE handoff.handed_off_at >= $1 GROUP BY step.runbook ORDER BY step.runbook",
            );
            let rows = rows.bind(micros(since)).fetch_all(&mut *self.read().await?).await?;
            rows.iter().map(rate).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("count remedies"))
    }
}

fn rate(row: &AnyRow) -> Result<RemedyRate, Fault> {
    let number = |column: &'static str| count(column, row.try_get(column)?);
    Ok(RemedyRate {
        runbook: name("step.runbook", row.try_get("runbook")?)?,
        handoffs: number("handoffs")?,
        acted: number("acted")?,
        verifying: number("verifying")?,
        remediated: number("remediated")?,
        not_remediated: number("not_remediated")?,
    })
}
