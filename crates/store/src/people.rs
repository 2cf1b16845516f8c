//! The people's part of an incident: taking it, and saying that it is over.

use serde_json::json;
use sqlx::SqliteConnection;
use watchkeeper_model::{Incident, IncidentState, Time};

use crate::{
    enqueue,
    fault::Fault,
    find, incident, ledger,
    open::SqliteStore,
    refusal::{GivenUp, PeopleError},
};

impl SqliteStore {
    /// Takes an incident, named by its id or a unique beginning of it; reminders and escalations stop. One that
    /// somebody has taken already stays theirs, and is given as it is.
    pub async fn acknowledge(&self, id: &str, by: &str, at: Time) -> Result<Incident, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let found = unresolved(&mut tx, id).await?;
            if found.state != IncidentState::Open {
                return Ok(found);
            }
            let taken = Incident { state: IncidentState::Acknowledged { by: by.to_owned(), at }, ..found };
            close(&mut tx, &taken, "incident.acknowledged", by, at).await?;
            tx.commit().await?;
            Ok(taken)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("acknowledge an incident"))
    }

    /// Says that an incident is over. Its group is forgotten, so that the next breach opens a new incident.
    pub async fn resolve(&self, id: &str, by: &str, at: Time) -> Result<Incident, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let found = unresolved(&mut tx, id).await?;
            let over = Incident { state: IncidentState::Resolved { by: Some(by.to_owned()), at }, ..found };
            close(&mut tx, &over, "incident.resolved", by, at).await?;
            if !over.drill {
                incident::forget_group(&mut tx, &over.monitor, &over.group).await?;
            }
            tx.commit().await?;
            Ok(over)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("resolve an incident"))
    }
}

async fn unresolved(db: &mut SqliteConnection, id: &str) -> Result<Incident, GivenUp> {
    let found = find::find_incident(db, id).await?;
    if found.is_open() { Ok(found) } else { Err(PeopleError::AlreadyResolved(found.id).into()) }
}

/// Writes the new state and stops what tells people to take the incident.
async fn close(db: &mut SqliteConnection, incident: &Incident, kind: &str, by: &str, at: Time) -> Result<(), Fault> {
    incident::save(db, incident).await?;
    enqueue::cancel_reminders(db, &incident.id).await?;
    let body = json!({ "monitor": incident.monitor, "by": by, "at": at });
    ledger::append_one(db, at, kind, &incident.id, &body).await
}
