//! Steps that wait for people: to be started, agreed to, or settled.

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::Name;

use super::incidents::{IncidentRecord, StepDetail, record, step_detail};
use crate::{
    fault::Fault,
    find::find_run,
    open::SqliteStore,
    refusal::{GivenUp, PeopleError},
};

/// Rows listed, at most.
const LISTED_MAX: u32 = 500;

/// A step that waits for people, and its incident.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedStep {
    /// The step.
    pub step: StepDetail,
    /// Its incident.
    pub incident: IncidentRecord,
}

impl SqliteStore {
    /// The steps that wait for people and whose outcome is unknown, of the newest incident first; at most 500.
    pub async fn asked_steps(&self) -> Result<Vec<AskedStep>, StoreError> {
        let work = async {
            let mut tx = self.read().await?;
            let rows: Vec<SqliteRow> = sqlx::query(
                "SELECT step.* FROM step JOIN incident ON incident.id = step.incident
                 WHERE step.status IN ('waiting', 'unknown')
                 ORDER BY incident.opened_at DESC, incident.id, step.position LIMIT ?",
            )
            .bind(LISTED_MAX)
            .fetch_all(&mut *tx)
            .await?;
            let mut asked = Vec::with_capacity(rows.len());
            for row in &rows {
                // One that cannot be read is listed by `unreadable`, and hides nothing else.
                asked.extend(with_incident(&mut tx, row).await.ok());
            }
            Ok(asked)
        };
        work.await.map_err(|fault: Fault| fault.doing("list the steps that wait for people"))
    }

    /// One step of a run, which is named by its id or a unique beginning of it.
    pub async fn step_of(&self, run: &str, step: &Name) -> Result<AskedStep, PeopleError> {
        let work = async {
            let mut tx = self.read().await?;
            let run = find_run(&mut tx, run).await?;
            let row = sqlx::query("SELECT * FROM step WHERE run = ? AND step = ?").bind(&run).bind(step.as_str());
            let row = row.fetch_optional(&mut *tx).await?;
            let row = row.ok_or_else(|| PeopleError::NoSuch { what: "step", given: format!("{run} {step}") })?;
            Ok(with_incident(&mut tx, &row).await?)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("read a step"))
    }
}

async fn with_incident(db: &mut SqliteConnection, row: &SqliteRow) -> Result<AskedStep, Fault> {
    let incident = sqlx::query("SELECT * FROM incident WHERE id = ?").bind(row.try_get::<&str, _>("incident")?);
    let incident = incident.fetch_one(&mut *db).await?;
    Ok(AskedStep { step: step_detail(db, row).await?, incident: record(&incident)? })
}
