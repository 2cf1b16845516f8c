//! The people's part of an incident: taking it, and saying that it is over.

use serde_json::json;
use sqlx::SqliteConnection;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Incident, IncidentState, Outcome, StepStatus, Time};

use crate::{SqliteStore, enqueue, fault::Fault, incident, ledger, read};

/// Why the store did not do what people asked for.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Nothing has an id that starts like this.
    #[error("there is no {what} {given}")]
    NoSuch {
        /// `incident`, `run`, `step`, `handoff`.
        what: &'static str,
        /// What was asked for.
        given: String,
    },
    /// Several ids start like this.
    #[error("{given} may be any of {}: give more of its characters", matches.join(", "))]
    Ambiguous {
        /// What was asked for.
        given: String,
        /// The ids that start like it.
        matches: Vec<String>,
    },
    /// The incident is over.
    #[error("incident {0} is resolved already")]
    AlreadyResolved(String),
    /// The step's outcome is known, or it has not ended.
    #[error("step {step} of run {run} is {status}: only a step whose outcome is unknown can be settled")]
    NotUnknown {
        /// The run.
        run: String,
        /// The step.
        step: String,
        /// Where it stands.
        status: &'static str,
    },
    /// The step does not wait for people.
    #[error("step {step} of run {run} is {status}: only a step that waits for people can be answered")]
    NotWaiting {
        /// The run.
        run: String,
        /// The step.
        step: String,
        /// Where it stands.
        status: &'static str,
    },
    /// It needs nobody's agreement.
    #[error("step {1} of run {0} needs nobody's agreement: `watchkeeper step {0} {1}` starts it")]
    NobodyHasTo(String, String),
    /// Nobody has started it yet.
    #[error("nobody has asked for step {1} of run {0} yet: `watchkeeper step {0} {1}` does")]
    NotAsked(String, String),
    /// It was started before.
    #[error("step {1} of run {0} was asked for already: it waits for an agreement, `watchkeeper approve {0} {1}`")]
    AskedAlready(String, String),
    /// An answer stands already.
    #[error("it was answered already: {0}")]
    AnsweredAlready(String),
    /// Somebody else has to agree.
    #[error("{0} asked for this step: somebody else has to agree (`self_approval` is false)")]
    OwnRequest(String),
    /// People can only say `done` or `failed`.
    #[error("a step cannot be settled as {0}: say done or failed")]
    NotAnEnd(Outcome),
    /// The store itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PeopleError {
    pub(crate) fn not_waiting(run: &str, step: &str, status: StepStatus) -> Self {
        Self::NotWaiting { run: run.to_owned(), step: step.to_owned(), status: status.as_str() }
    }

    pub(crate) fn not_unknown(run: &str, step: &str, status: StepStatus) -> Self {
        Self::NotUnknown { run: run.to_owned(), step: step.to_owned(), status: status.as_str() }
    }
}

impl SqliteStore {
    /// Takes an incident, named by its id or a unique beginning of it; reminders and escalations stop. One that
    /// somebody has taken already stays theirs, and is given as it is.
    pub async fn acknowledge(&self, id: &str, by: &str, at: Time) -> Result<Incident, PeopleError> {
        let failed = |fault: Fault| fault.doing("acknowledge an incident");
        let mut tx = self.write().await.map_err(failed)?;
        let found = unresolved(&mut tx, id).await?;
        if found.state != IncidentState::Open {
            return Ok(found);
        }
        let taken = Incident { state: IncidentState::Acknowledged { by: by.to_owned(), at }, ..found };
        close(&mut tx, &taken, "incident.acknowledged", by, at).await.map_err(failed)?;
        tx.commit().await.map_err(|error| failed(error.into()))?;
        Ok(taken)
    }

    /// Says that an incident is over. Its group is forgotten, so that the next breach opens a new incident.
    pub async fn resolve(&self, id: &str, by: &str, at: Time) -> Result<Incident, PeopleError> {
        let failed = |fault: Fault| fault.doing("resolve an incident");
        let mut tx = self.write().await.map_err(failed)?;
        let found = unresolved(&mut tx, id).await?;
        let over = Incident { state: IncidentState::Resolved { by: Some(by.to_owned()), at }, ..found };
        close(&mut tx, &over, "incident.resolved", by, at).await.map_err(failed)?;
        if !over.drill {
            incident::forget_group(&mut tx, &over.monitor, &over.group).await.map_err(failed)?;
        }
        tx.commit().await.map_err(|error| failed(error.into()))?;
        Ok(over)
    }
}

async fn unresolved(db: &mut SqliteConnection, id: &str) -> Result<Incident, PeopleError> {
    let found = read::find_incident(db, id).await?;
    if found.is_open() { Ok(found) } else { Err(PeopleError::AlreadyResolved(found.id)) }
}

/// Writes the new state and stops what tells people to take the incident.
async fn close(db: &mut SqliteConnection, incident: &Incident, kind: &str, by: &str, at: Time) -> Result<(), Fault> {
    incident::save(db, incident).await?;
    enqueue::cancel_reminders(db, &incident.id).await?;
    let body = json!({ "monitor": incident.monitor, "by": by, "at": at });
    ledger::append_one(db, at, kind, &incident.id, &body).await
}
