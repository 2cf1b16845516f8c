//! Tells an issue that its incident is over: a comment and, where the step says so, a transition into done.

use reqwest::Method;
use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd};
use watchkeeper_model::{JiraAction, OnResolve};

use super::{
    issue::opened,
    reopen::is_key,
    site::{Site, Trouble},
};

/// Comments, then closes.
pub(super) async fn resolve(site: &Site, action: &JiraAction, call: &ActionCall, key: &str) -> ActionEnd {
    if !is_key(key) {
        return ActionEnd::failed(format!("the issue's key `{}` is not one", key.escape_default()));
    }
    let comment = json!({ "body": site.prose(&format!("Incident {} is over.", call.incident)) });
    match site.ask(Method::POST, site.url(&["issue", key, "comment"]), Some(&comment)).await {
        Ok(_) if action.on_resolve == OnResolve::Close => close(site, key).await,
        Ok(_) => opened(key, "commented on"),
        Err(Trouble::Ambiguous(why)) => ActionEnd::unknown(format!("{key} may have been commented on: {why}")),
        Err(trouble) => ActionEnd::failed(format!("{key} could not be commented on: {}", trouble.text())),
    }
}

/// People have read the comment; an issue that cannot be closed is left to them.
async fn close(site: &Site, key: &str) -> ActionEnd {
    match enter_done(site, key).await {
        Ok(()) => opened(key, "closed"),
        Err(why) => {
            let end = opened(key, "commented on");
            ActionEnd { detail: format!("{}, which is still open: {why}", end.detail), ..end }
        }
    }
}

async fn enter_done(site: &Site, key: &str) -> Result<(), String> {
    let url = site.url(&["issue", key, "transitions"]);
    let answer = site.ask(Method::GET, url.clone(), None).await.map_err(Trouble::text)?;
    let id = way_in(&answer).ok_or("no transition leads to done, or this account may not take it")?;
    let body = json!({ "transition": { "id": id } });
    site.ask(Method::POST, url, Some(&body)).await.map(drop).map_err(Trouble::text)
}

/// The transition into the done category, by category since names are localised; one without a screen first, as a screen
/// may ask for fields.
fn way_in(answer: &Value) -> Option<&str> {
    let transitions = answer["transitions"].as_array()?;
    let done = transitions.iter().filter(|it| it["isAvailable"] != false);
    let done = done.filter(|it| it["to"]["statusCategory"]["key"] == "done");
    done.min_by_key(|it| it["hasScreen"] == true)?["id"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_in_goes_by_category_and_prefers_no_screen() {
        let to = |id: &str, category: &str, screen: bool| json!({ "id": id, "hasScreen": screen, "to": { "statusCategory": { "key": category } } });
        let all = json!({ "transitions": [to("1", "new", false), to("2", "done", true), to("3", "done", false)] });
        assert_eq!(way_in(&all), Some("3"));
        assert_eq!(way_in(&json!({ "transitions": [to("1", "new", false)] })), None);
    }
}
