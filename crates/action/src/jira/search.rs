//! Looks for the issue that carries a call's marks.

use reqwest::Method;
use serde_json::json;
use watchkeeper_engine::ports::action::{ActionCall, Probe};
use watchkeeper_model::JiraApi;

use super::{marks, site::Site};

/// Asks for the marks. Jira's index lags by seconds to minutes, so one absence means little: ask again for a while.
pub(super) async fn find(site: &Site, call: &ActionCall) -> Probe {
    let marks = marks(call);
    // Nothing but our own hexadecimal digests may stand in a query.
    if !marks.iter().all(|mark| mark.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')) {
        return Probe::Unreachable(format!(
            "run `{}` is not an id that can be searched for",
            call.run.escape_default()
        ));
    }
    let query = marks.map(|mark| format!("labels = \"{mark}\"")).join(" AND ");
    let body = json!({ "jql": query, "fields": ["summary"], "maxResults": 10 });
    let path: &[&str] = match site.api() {
        JiraApi::V2 => &["search"],
        JiraApi::V3 => &["search", "jql"],
    };
    match site.ask(Method::POST, site.url(path), Some(&body)).await {
        Ok(answer) => match (answer["issues"].as_array(), answer["issues"][0]["key"].as_str()) {
            (_, Some(key)) => Probe::Found(key.to_owned()),
            (Some(_), None) => Probe::Absent,
            (None, None) => Probe::Unreachable("Jira's search answered without a list of issues".to_owned()),
        },
        Err(trouble) => Probe::Unreachable(trouble.text()),
    }
}
