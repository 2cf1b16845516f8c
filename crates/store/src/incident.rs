//! Incident rows. A state only ever moves forward, whoever writes last.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};
use watchkeeper_model::{Incident, IncidentState, Labels, Name, Remedy};

use crate::{
    columns::{flag, from_json, from_word, json, micros, name, time, time_if},
    fault::Fault,
};

/// Writes an incident that is new or changed. What people did since the caller read it stays: an acknowledged
/// incident does not become open again, and a resolved one keeps who resolved it.
pub(crate) async fn save(db: &mut AnyConnection, incident: &Incident) -> Result<(), Fault> {
    let by = Columns::of(&incident.state);
    sqlx::query(
        "INSERT INTO incident (id, monitor, labels, layer, severity, owner, runbook, opened_at, state,
             acknowledged_by, acknowledged_at, resolved_by, resolved_at, series, drill)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT (id) DO UPDATE SET
             state = CASE WHEN excluded.state = 'open' THEN incident.state ELSE excluded.state END,
             acknowledged_by = COALESCE(incident.acknowledged_by, excluded.acknowledged_by),
             acknowledged_at = COALESCE(incident.acknowledged_at, excluded.acknowledged_at),
             resolved_by = excluded.resolved_by, resolved_at = excluded.resolved_at, series = excluded.series
         WHERE incident.state <> 'resolved'",
    )
    .bind(&incident.id)
    .bind(incident.monitor.as_str())
    .bind(json(&incident.group)?)
    .bind(incident.layer.as_str())
    .bind(incident.severity.as_str())
    .bind(incident.owner.as_str())
    .bind(incident.runbook.as_str())
    .bind(micros(incident.opened_at))
    .bind(incident.state.as_str())
    .bind(by.acknowledged.map(|(by, _)| by))
    .bind(by.acknowledged.map(|(_, at)| at))
    .bind(by.resolved.and_then(|(by, _)| by))
    .bind(by.resolved.map(|(_, at)| at))
    .bind(json(&incident.series)?)
    .bind(i64::from(incident.drill))
    .execute(db)
    .await?;
    Ok(())
}

/// An incident's state as its four columns.
#[derive(Default)]
struct Columns<'a> {
    acknowledged: Option<(&'a str, i64)>,
    resolved: Option<(Option<&'a str>, i64)>,
}

impl<'a> Columns<'a> {
    fn of(state: &'a IncidentState) -> Self {
        match state {
            IncidentState::Open => Self::default(),
            IncidentState::Acknowledged { by, at } => Self { acknowledged: Some((by, micros(*at))), resolved: None },
            IncidentState::Resolved { by, at } => {
                Self { acknowledged: None, resolved: Some((by.as_deref(), micros(*at))) }
            }
        }
    }
}

/// Reads a whole row of `incident`.
pub(crate) fn incident(row: &AnyRow) -> Result<Incident, Fault> {
    Ok(Incident {
        id: row.try_get("id")?,
        monitor: name("incident.monitor", row.try_get("monitor")?)?,
        group: from_json(row.try_get("labels")?)?,
        layer: from_word("incident.layer", row.try_get("layer")?)?,
        severity: from_word("incident.severity", row.try_get("severity")?)?,
        owner: name("incident.owner", row.try_get("owner")?)?,
        runbook: name("incident.runbook", row.try_get("runbook")?)?,
        opened_at: time("incident.opened_at", row.try_get("opened_at")?)?,
        state: state(row)?,
        series: from_json(row.try_get("series")?)?,
        drill: flag(row, "drill")?,
    })
}

fn state(row: &AnyRow) -> Result<IncidentState, Fault> {
    let acknowledged = time_if("incident.acknowledged_at", row.try_get("acknowledged_at")?)?;
    let resolved = time_if("incident.resolved_at", row.try_get("resolved_at")?)?;
    match (row.try_get("state")?, acknowledged, resolved) {
        ("open", _, _) => Ok(IncidentState::Open),
        ("acknowledged", Some(at), _) => Ok(IncidentState::Acknowledged { by: row.try_get("acknowledged_by")?, at }),
        ("resolved", _, Some(at)) => Ok(IncidentState::Resolved { by: row.try_get("resolved_by")?, at }),
        (word, _, _) => Err(Fault::column("incident.state", word)),
    }
}

/// The unresolved incidents of a monitor by their groups, each as far as it can be read; drills are not among them.
pub(crate) async fn open_by_group(
    db: &mut AnyConnection,
    monitor: &Name,
) -> Result<Vec<(Labels, Result<Incident, Fault>)>, Fault> {
    let rows = sqlx::query("SELECT * FROM incident WHERE monitor = $1 AND state <> 'resolved' AND drill = 0")
        .bind(monitor.as_str())
        .fetch_all(db)
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Ok(group) = from_json(row.try_get("labels")?) {
            found.push((group, incident(row)));
        }
    }
    Ok(found)
}

/// The oldest unresolved incident of a monitor that is no drill.
pub(crate) async fn open_of(db: &mut AnyConnection, monitor: &Name) -> Result<Option<String>, Fault> {
    let open = sqlx::query_scalar(
        "SELECT id FROM incident WHERE monitor = $1 AND state <> 'resolved' AND drill = 0 ORDER BY opened_at, id LIMIT 1",
    );
    Ok(open.bind(monitor.as_str()).fetch_optional(db).await?)
}

/// Whether an incident is resolved already.
pub(crate) async fn is_over(db: &mut AnyConnection, id: &str) -> Result<bool, Fault> {
    let over = sqlx::query("SELECT 1 FROM incident WHERE id = $1 AND state = 'resolved'");
    Ok(over.bind(id).fetch_optional(db).await?.is_some())
}

/// Forgets a group's standings, so that its next breach opens a new incident.
pub(crate) async fn forget_group(db: &mut AnyConnection, monitor: &Name, group: &Labels) -> Result<(), Fault> {
    sqlx::query("DELETE FROM group_state WHERE monitor = $1 AND labels = $2")
        .bind(monitor.as_str())
        .bind(json(group)?)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes what is known of a step of an incident: a remedy stays one, and what acts is no news after a step that was looked
/// at.
pub(crate) async fn note_remedy(db: &mut AnyConnection, incident: &str, remedy: Remedy) -> Result<(), Fault> {
    let kept = match remedy {
        Remedy::Acted => "remedied IS NULL",
        Remedy::Verifying | Remedy::Remediated | Remedy::NotRemediated => {
            "(remedied IS NULL OR remedied <> 'remediated')"
        }
    };
    let query = format!("UPDATE incident SET remedied = $1 WHERE id = $2 AND {kept}");
    sqlx::query(AssertSqlSafe(query)).bind(remedy.as_str()).bind(incident).execute(db).await?;
    Ok(())
}
