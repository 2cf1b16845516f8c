//! The people's part of an incident: taking it, giving it back or on, and saying that it is over.

use serde_json::{Value, json};
use sqlx::AnyConnection;
use watchkeeper_engine::{acknowledged, ports::store::NewMessage, resolved};
use watchkeeper_model::{Facts, Incident, IncidentState, Message, Name, StepReport, Time};

use crate::{
    comment,
    database::Tx,
    enqueue,
    fault::Fault,
    find, follow_up, gate, incident, ledger,
    refusal::{GivenUp, PeopleError},
    store::SqlStore,
};

/// An incident that people have closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// The incident.
    pub incident: Incident,
    /// The gates that it has left paused.
    pub left_paused: Vec<Name>,
}

impl SqlStore {
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
            incident::save(&mut tx, &taken).await?;
            enqueue::cancel_reminders(&mut tx, &taken.id).await?;
            if let Some((facts, _)) = follow_up::facts_of(&mut tx, &taken).await? {
                let head = ledger::head(&mut tx).await?;
                let message = acknowledged(facts, by);
                // Somebody may take it, give it back and take it again.
                let message = Message { id: format!("{}.{}", message.id, at.timestamp()), ..message };
                enqueue::acknowledged(&mut tx, &taken.id, &message, &head, at).await?;
            }
            told(tx, &taken, "incident.acknowledged", json!({ "by": by, "at": at }), at).await?;
            Ok(taken)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("acknowledge an incident"))
    }

    /// Gives back an incident that somebody has taken; reminders and escalations go on.
    pub async fn give_back(&self, id: &str, by: &str, at: Time) -> Result<Incident, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let found = unresolved(&mut tx, id).await?;
            if !matches!(found.state, IncidentState::Acknowledged { .. }) {
                return Err(PeopleError::NotAcknowledged { id: found.id, state: found.state.as_str() }.into());
            }
            let query =
                "UPDATE incident SET state = 'open', acknowledged_by = NULL, acknowledged_at = NULL WHERE id = $1";
            let given_back = sqlx::query(query).bind(&found.id).execute(&mut *tx).await;
            given_back?;
            enqueue::revive_reminders(&mut tx, &found.id, at).await?;
            told(tx, &found, "incident.given_back", json!({ "by": by, "at": at }), at).await?;
            Ok(Incident { state: IncidentState::Open, ..found })
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("give an incident back"))
    }

    /// Makes another team the owner of an incident. `messages` are what that team is told, from the facts of the breach
    /// and how its first step ended; reminders to the old owner end.
    pub async fn assign(
        &self,
        id: &str,
        team: &Name,
        by: &str,
        messages: impl FnOnce(&Incident, Facts, Option<StepReport>) -> Vec<NewMessage>,
        at: Time,
    ) -> Result<Incident, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let found = unresolved(&mut tx, id).await?;
            if found.owner == *team {
                return Err(PeopleError::OwnerAlready(found.id, team.clone()).into());
            }
            let body = json!({ "by": by, "at": at, "from": found.owner, "to": team });
            let assigned = Incident { owner: team.clone(), state: IncidentState::Open, ..found };
            let query = "UPDATE incident SET owner = $1, state = 'open', acknowledged_by = NULL, acknowledged_at = NULL
                         WHERE id = $2";
            let written = sqlx::query(query).bind(team.as_str()).bind(&assigned.id).execute(&mut *tx).await;
            written?;
            enqueue::drop_reminders(&mut tx, &assigned.id).await?;
            if let Some((facts, report)) = follow_up::facts_of(&mut tx, &assigned).await? {
                let head = ledger::head(&mut tx).await?;
                enqueue::all(&mut tx, &messages(&assigned, facts, report), &head).await?;
            }
            told(tx, &assigned, "incident.assigned", body, at).await?;
            Ok(assigned)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("assign an incident"))
    }

    /// Adds a comment to an incident, which is named by its id or a unique beginning of it; gives the whole id.
    pub async fn comment(&self, incident: &str, by: &str, text: &str, at: Time) -> Result<String, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let found = find::find_incident(&mut tx, incident).await?;
            comment::write(&mut tx, &found.id, by, text, at).await?;
            tx.commit().await?;
            Ok(found.id)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("comment on an incident"))
    }

    /// Says that an incident is over, and tells everybody who was told of it. Its group is forgotten, so that the next
    /// breach opens a new incident.
    pub async fn resolve(&self, id: &str, by: &str, at: Time) -> Result<Closed, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let found = unresolved(&mut tx, id).await?;
            let over = Incident { state: IncidentState::Resolved { by: Some(by.to_owned()), at }, ..found };
            incident::save(&mut tx, &over).await?;
            enqueue::cancel_reminders(&mut tx, &over.id).await?;
            follow_up::end_unneeded(&mut tx, &over.id, at).await?;
            if let Some((facts, _)) = follow_up::facts_of(&mut tx, &over).await? {
                let head = ledger::head(&mut tx).await?;
                let steps = follow_up::after_resolve(&mut tx, &over.id).await?;
                enqueue::resolved(&mut tx, &over.id, &resolved(facts, Some(by)), &steps, &head, at).await?;
            }
            if !over.drill {
                incident::forget_group(&mut tx, &over.monitor, &over.group).await?;
            }
            let left_paused = gate::left_paused(&mut tx, &over.id).await?;
            let body = json!({ "by": by, "at": at, "left_paused": left_paused });
            told(tx, &over, "incident.resolved", body, at).await?;
            Ok(Closed { incident: over, left_paused })
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("resolve an incident"))
    }
}

async fn unresolved(db: &mut AnyConnection, id: &str) -> Result<Incident, GivenUp> {
    let found = find::find_incident(db, id).await?;
    if found.is_open() { Ok(found) } else { Err(PeopleError::AlreadyResolved(found.id).into()) }
}

/// Appends what people did to the ledger, and commits.
async fn told(mut tx: Tx, incident: &Incident, kind: &str, mut body: Value, at: Time) -> Result<(), Fault> {
    body["monitor"] = json!(incident.monitor);
    ledger::append_one(&mut tx, at, kind, &incident.id, &body).await?;
    Ok(tx.commit().await?)
}
