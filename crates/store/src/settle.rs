//! Settling: people say how a step ended whose outcome is unknown.

use serde_json::json;
use sqlx::AnyConnection;
use watchkeeper_model::{Name, Outcome, Person, Remedy, StepEvent, StepStatus, Time};

use crate::{
    columns::micros,
    fault::Fault,
    find, incident, ledger,
    refusal::{GivenUp, PeopleError},
    step,
    store::SqlStore,
};

impl SqlStore {
    /// Settles a step of a run, which is named by its id or a unique beginning of it, as done or failed.
    pub async fn settle(
        &self,
        run: &str,
        step: &Name,
        outcome: Outcome,
        by: &Person,
        at: Time,
    ) -> Result<(), PeopleError> {
        let work = async {
            if !matches!(outcome, Outcome::Done | Outcome::Failed) {
                return Err(PeopleError::NotAnEnd(outcome).into());
            }
            let mut tx = self.write().await?;
            let run = find::find_run(&mut tx, run).await?;
            let status = step::status_of(&mut tx, &run, step).await?;
            let status = status.ok_or_else(|| PeopleError::NoSuch { what: "step", given: format!("{run} {step}") })?;
            let settled = status.next(StepEvent::Settle(outcome));
            let settled = settled.ok_or_else(|| PeopleError::not_unknown(&run, step.as_str(), status))?;
            write(&mut tx, &run, step, settled, by, at).await?;
            tx.commit().await?;
            Ok(())
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("settle a step"))
    }
}

async fn write(
    db: &mut AnyConnection,
    run: &str,
    step: &Name,
    settled: StepStatus,
    by: &Person,
    at: Time,
) -> Result<(), Fault> {
    let incident: String = sqlx::query_scalar(
        "UPDATE step SET status = $1, settled_by = $2, settled_at = $3,
             remedy = CASE WHEN $1 = 'done' THEN 'acted' ELSE NULL END
         WHERE run = $4 AND step = $5 AND status = 'unknown' RETURNING incident",
    )
    .bind(settled.as_str())
    .bind(&by.name)
    .bind(micros(at))
    .bind(run)
    .bind(step.as_str())
    .fetch_one(&mut *db)
    .await?;
    if settled == StepStatus::Ended(Outcome::Done) {
        incident::note_remedy(db, &incident, Remedy::Acted).await?;
    }
    let body = json!({ "run": run, "step": step, "outcome": settled.as_str(), "by": by.name, "account": by.account });
    ledger::append_one(db, at, "step.settled", &incident, &body).await
}
