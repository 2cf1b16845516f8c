//! How much is open, counted by the store.

use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Layer, Name, Severity};

use crate::{
    columns::{from_word, name},
    fault::Fault,
    store::SqlStore,
};

/// What waits for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenCounts {
    /// Incidents that are not resolved.
    pub incidents: u64,
    /// Steps of those that wait for an agreement.
    pub approvals: u64,
    /// Steps whose outcome nobody knows, of any incident.
    pub unknown: u64,
}

/// Incidents of one kind that are not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIncidents {
    /// The monitor's layer.
    pub layer: Layer,
    /// Its severity.
    pub severity: Severity,
    /// The owning team.
    pub owner: Name,
    /// How many there are.
    pub open: u64,
    /// How many of them nobody has taken.
    pub untaken: u64,
}

impl SqlStore {
    /// How much waits for people.
    pub async fn open_counts(&self) -> Result<OpenCounts, StoreError> {
        let work = async {
            let (incidents, approvals, unknown): (i64, i64, i64) = sqlx::query_as(
                "SELECT (SELECT COUNT(*) FROM incident WHERE state <> 'resolved'),
                    (SELECT COUNT(*) FROM step JOIN incident ON incident.id = step.incident
                     WHERE step.status = 'waiting' AND step.asked_at IS NOT NULL AND incident.state <> 'resolved'
                        AND json_extract(step.arguments, '$.approval') IS NOT NULL),
                    (SELECT COUNT(*) FROM step WHERE status = 'unknown')",
            )
            .fetch_one(&mut *self.read().await?)
            .await?;
            let [incidents, approvals, unknown] = [incidents, approvals, unknown].map(i64::unsigned_abs);
            Ok(OpenCounts { incidents, approvals, unknown })
        };
        work.await.map_err(|fault: Fault| fault.doing("count what is open"))
    }

    /// Incidents that are not resolved, by what they are.
    pub async fn open_by_kind(&self) -> Result<Vec<OpenIncidents>, StoreError> {
        let work = async {
            let rows: Vec<(String, String, String, i64, i64)> = sqlx::query_as(
                "SELECT layer, severity, owner, COUNT(*), COUNT(*) FILTER (WHERE state = 'open') FROM incident
                 WHERE state <> 'resolved' GROUP BY layer, severity, owner ORDER BY layer, severity, owner",
            )
            .fetch_all(&mut *self.read().await?)
            .await?;
            let kinds = rows.iter().map(|(layer, severity, owner, open, untaken)| {
                Ok(OpenIncidents {
                    layer: from_word("incident.layer", layer)?,
                    severity: from_word("incident.severity", severity)?,
                    owner: name("incident.owner", owner)?,
                    open: open.unsigned_abs(),
                    untaken: untaken.unsigned_abs(),
                })
            });
            kinds.collect::<Result<Vec<_>, Fault>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("count open incidents"))
    }
}
