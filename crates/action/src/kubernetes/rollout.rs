//! Whether the pods are what an object wants them to be.

use serde_json::Value;
use watchkeeper_engine::ports::action::After;

/// How a Deployment, StatefulSet or DaemonSet stands, by the numbers in its status.
pub(super) fn stands(object: &Value, quoted: impl Fn(&str) -> String) -> After {
    let (spec, status) = (&object["spec"], &object["status"]);
    let number = |value: &Value| value.as_i64();
    let generation = number(&object["metadata"]["generation"]);
    if let Some(observed) = number(&status["observedGeneration"])
        && generation.is_some_and(|generation| observed < generation)
    {
        return After::NotYet("its controller has not seen the change".to_owned());
    }
    if let Some(why) = gave_up(status) {
        return After::Failed(format!("its rollout does not go on: {}", quoted(why)));
    }
    let wanted = number(&spec["replicas"]).or_else(|| number(&status["desiredNumberScheduled"])).unwrap_or(1);
    let first = |keys: [&str; 2]| keys.iter().find_map(|key| number(&status[*key])).unwrap_or(0);
    let there = first(["replicas", "currentNumberScheduled"]);
    let updated = first(["updatedReplicas", "updatedNumberScheduled"]);
    let available = first(["availableReplicas", "numberAvailable"]);
    match updated >= wanted && available >= wanted && there == wanted {
        true => After::AsWanted(format!("{available} of {wanted} pods are new and available")),
        false => After::NotYet(format!("{updated} of {wanted} pods are new, {available} available, {there} there")),
    }
}

/// What the controller says of a rollout that does not go on.
fn gave_up(status: &Value) -> Option<&str> {
    let conditions = status["conditions"].as_array()?;
    let stuck = conditions.iter().find(|condition| {
        condition["type"] == "Progressing" && condition["status"] == "False"
            || condition["type"] == "ReplicaFailure" && condition["status"] == "True"
    })?;
    Some(stuck["reason"].as_str().unwrap_or("for no reason given"))
}
