//! Steps that wait for people: to be started, agreed to, or settled.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row, any::AnyRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Answer, Name};

use super::incidents::{IncidentRecord, StepDetail, record, step_detail};
use crate::{
    answer,
    columns::{name, time},
    fault::Fault,
    find::find_run,
    refusal::{GivenUp, PeopleError},
    store::SqlStore,
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

impl SqlStore {
    /// The steps that wait for people and whose outcome is unknown, of the newest incident first; at most 500.
    pub async fn asked_steps(&self) -> Result<Vec<AskedStep>, StoreError> {
        let work = async {
            let mut tx = self.read().await?;
            let rows: Vec<AnyRow> = sqlx::query(
                "SELECT step.*, incident.* FROM step JOIN incident ON incident.id = step.incident
                 WHERE step.status IN ('waiting', 'unknown')
                 ORDER BY incident.opened_at DESC, incident.id, step.position LIMIT $1",
            )
            .bind(i64::from(LISTED_MAX))
            .fetch_all(&mut *tx)
            .await?;
            let mut answers = all_answers(&mut tx).await?;
            let mut asked = Vec::with_capacity(rows.len());
            for row in &rows {
                let key = (row.try_get("run")?, row.try_get("step")?);
                let answers = answers.remove(&key).unwrap_or_default();
                // One that cannot be read is listed by `unreadable`, and hides nothing else.
                if let (Ok(step), Ok(incident)) = (step_detail(row, answers), record(row)) {
                    asked.push(AskedStep { step, incident });
                }
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
            let row = sqlx::query("SELECT * FROM step WHERE run = $1 AND step = $2").bind(&run).bind(step.as_str());
            let row = row.fetch_optional(&mut *tx).await?;
            let row = row.ok_or_else(|| PeopleError::NoSuch { what: "step", given: format!("{run} {step}") })?;
            Ok(with_incident(&mut tx, &row).await?)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("read a step"))
    }
}

async fn with_incident(db: &mut AnyConnection, row: &AnyRow) -> Result<AskedStep, Fault> {
    let incident = sqlx::query("SELECT * FROM incident WHERE id = $1").bind(row.try_get::<&str, _>("incident")?);
    let incident = incident.fetch_one(&mut *db).await?;
    let step = name("step.step", row.try_get("step")?)?;
    let answers = answer::answers(db, row.try_get("run")?, &step).await?;
    Ok(AskedStep { step: step_detail(row, answers)?, incident: record(&incident)? })
}

/// What was answered to the steps that wait, by run and step, oldest first.
async fn all_answers(db: &mut AnyConnection) -> Result<HashMap<(String, String), Vec<Answer>>, Fault> {
    let rows: Vec<(String, String, String, i64, bool, Option<String>)> = sqlx::query_as(
        "SELECT answer.run, answer.step, answer.by, answer.at, answer.agrees, answer.reason FROM answer
         JOIN step ON step.run = answer.run AND step.step = answer.step
         WHERE step.status IN ('waiting', 'unknown') ORDER BY answer.at, answer.by",
    )
    .fetch_all(db)
    .await?;
    let mut all: HashMap<(String, String), Vec<Answer>> = HashMap::new();
    for (run, step, by, at, agrees, reason) in rows {
        let answer = Answer { by, at: time("answer.at", at)?, agrees, reason };
        all.entry((run, step)).or_default().push(answer);
    }
    Ok(all)
}
