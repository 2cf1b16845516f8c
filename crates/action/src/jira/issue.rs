//! Creates an issue.

use reqwest::Method;
use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd};
use watchkeeper_model::JiraAction;

use super::{
    marks,
    site::{Site, Trouble},
    text,
};

/// Creates the step's issue; its key is the reference.
pub(super) async fn create(site: &Site, action: &JiraAction, call: &ActionCall) -> ActionEnd {
    let body = json!({ "fields": fields(site, action, call) });
    match site.ask(Method::POST, site.url(&["issue"]), Some(&body)).await {
        Ok(answer) => match answer["key"].as_str() {
            Some(key) => opened(key, "opened"),
            None => ActionEnd::unknown("Jira took the issue but did not say its key"),
        },
        Err(Trouble::Ambiguous(why)) => ActionEnd::unknown(format!("the issue may have been opened: {why}")),
        Err(certain) => ActionEnd::failed(certain.text()),
    }
}

/// `opened MLOPS-12`, with the key as reference.
pub(super) fn opened(key: &str, verb: &str) -> ActionEnd {
    ActionEnd { reference: Some(key.to_owned()), ..ActionEnd::done(format!("{verb} {key}")) }
}

/// The fields of a new issue.
fn fields(site: &Site, action: &JiraAction, call: &ActionCall) -> Value {
    json!({
        "project": { "key": action.project },
        "issuetype": { "name": action.issue_type },
        "summary": text::summary(&summary(action, call)),
        "description": site.prose(&description(action, call)),
        "labels": labels(action, call),
    })
}

/// The step's summary, marked where all of this is a drill.
fn summary(action: &JiraAction, call: &ActionCall) -> String {
    let drill = if call.drill { "[drill] " } else { "" };
    format!("{drill}{}", action.summary.text())
}

/// What the issue says: the step's own text, or a standard one.
pub(super) fn description(action: &JiraAction, call: &ActionCall) -> String {
    let standard = || {
        let (incident, run) = (&call.incident, &call.run);
        let summary = summary(action, call);
        format!(
            "{summary}\n\nOpened by Watchkeeper for incident {incident}, run {run}.\n\
             What was measured and done: watchkeeper incidents show {incident}"
        )
    };
    action.description.as_ref().map_or_else(standard, |description| description.text())
}

/// `watchkeeper`, the marks of the call, and the step's own labels, each once.
fn labels(action: &JiraAction, call: &ActionCall) -> Vec<String> {
    let mut labels = vec!["watchkeeper".to_owned()];
    labels.extend(call.drill.then(|| "watchkeeper-drill".to_owned()));
    for label in marks(call).into_iter().chain(action.labels.iter().cloned()) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}
