//! What somebody saw, in a form: where the thing has moved since, nothing is done, and they are told what changed.

use watchkeeper_model::digest_of;
use watchkeeper_store::{IncidentRecord, StepDetail};

use crate::{gates::GateView, problem::Problem};

/// An incident's state, and who has it.
pub(crate) fn incident(incident: &IncidentRecord) -> String {
    match &incident.acknowledged_by {
        Some(by) if incident.state == "acknowledged" => format!("acknowledged {} {by}", incident.owner),
        _ => format!("{} {}", incident.state, incident.owner),
    }
}

/// The same for people.
pub(crate) fn incident_in_words(incident: &IncidentRecord) -> String {
    let by = incident.acknowledged_by.as_deref().filter(|_| incident.state == "acknowledged");
    by.map_or_else(|| format!("{}, of {}", incident.state, incident.owner), |by| format!("acknowledged by {by}"))
}

/// A step's status, its attempt, and the digest of the arguments that it would be sent with.
pub(crate) fn step(step: &StepDetail) -> String {
    let arguments = serde_json::to_string(&step.recorded.action).unwrap_or_default();
    let digest = digest_of(&[&arguments]);
    format!("{} {} {} {}", step.status, step.attempts, step.answers.len(), digest.get(..16).unwrap_or_default())
}

/// A gate's state, and since when.
pub(crate) fn gate(gate: &GateView) -> String {
    format!("{} {}", gate.state, gate.since.map_or(0, |since| since.timestamp_micros()))
}

/// That it is still what they saw.
pub(crate) fn require(saw: &str, is: &str, now: impl FnOnce() -> String) -> Result<(), Problem> {
    if saw == is {
        return Ok(());
    }
    Err(Problem::moved("it changed while you looked", format!("You saw: {}. Now: {}.", words(saw), now())))
}

/// The first word of what was seen: its state.
fn words(saw: &str) -> &str {
    saw.split(' ').next().unwrap_or_default()
}
