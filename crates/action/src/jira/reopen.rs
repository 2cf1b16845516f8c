//! Takes an earlier issue up again: the news as a comment, the call's marks as labels, its status out of done.
//!
//! Comment and labels are one edit, so the mark is there exactly when the comment is, and a lost answer can be settled
//! by looking for the mark.

use reqwest::Method;
use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd};
use watchkeeper_model::JiraAction;

use super::{
    issue::{description, opened},
    marks,
    site::{Site, Trouble},
};

/// How reopening ended.
pub(super) enum Reopened {
    /// It is settled.
    Ended(ActionEnd),
    /// Nothing was changed, and a new issue is due; the reason.
    Impossible(String),
}

/// Comments on the issue and moves it out of the done category.
pub(super) async fn reopen(site: &Site, action: &JiraAction, call: &ActionCall, key: &str) -> Reopened {
    if !is_key(key) {
        return Reopened::Impossible(format!("the earlier issue's key `{}` is not one", key.escape_default()));
    }
    let mut status = site.url(&["issue", key]);
    status.set_query(Some("fields=status"));
    let issue = match site.ask(Method::GET, status, None).await {
        Ok(issue) => issue,
        Err(trouble) => return untouched(key, trouble),
    };
    // An issue that was moved answers to its old key with its new one.
    let key = issue["key"].as_str().unwrap_or(key);
    match site.ask(Method::PUT, site.url(&["issue", key]), Some(&news(site, action, call))).await {
        Ok(_) => Reopened::Ended(told(site, &issue, key).await),
        Err(Trouble::Ambiguous(why)) => {
            Reopened::Ended(ActionEnd::unknown(format!("{key} may have been commented on: {why}")))
        }
        Err(trouble) => untouched(key, trouble),
    }
}

/// What follows from a request that changed nothing. Another issue would be refused for the same credential.
fn untouched(key: &str, trouble: Trouble) -> Reopened {
    match trouble {
        Trouble::NotFound(_) => Reopened::Impossible(format!("the earlier issue {key} is gone")),
        Trouble::Refused(why) | Trouble::Conflict(why) => {
            Reopened::Impossible(format!("the earlier issue {key} cannot be changed: {why}"))
        }
        Trouble::Unauthorised(why) | Trouble::Away(why, _) | Trouble::Ambiguous(why) => {
            Reopened::Ended(ActionEnd::failed(why))
        }
    }
}

/// Whether a text has the shape of an issue's key: it becomes part of a path.
pub(super) fn is_key(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    text.rsplit_once('-').is_some_and(|(project, number)| plain(project) && plain(number))
}

/// The edit: one comment, and the marks.
fn news(site: &Site, action: &JiraAction, call: &ActionCall) -> Value {
    let comment = format!("It happened again.\n\n{}", description(action, call));
    let labels: Vec<Value> = marks(call).iter().map(|label| json!({ "add": label })).collect();
    json!({ "update": { "comment": [{ "add": { "body": site.prose(&comment) } }], "labels": labels } })
}

/// The owner has been told in the issue; a status that does not move cannot change that.
async fn told(site: &Site, issue: &Value, key: &str) -> ActionEnd {
    if issue["fields"]["status"]["statusCategory"]["key"] != "done" {
        return opened(key, "commented on");
    }
    match leave_done(site, key).await {
        Ok(()) => opened(key, "reopened"),
        Err(why) => {
            let end = opened(key, "commented on");
            ActionEnd { detail: format!("{}, which is still closed: {why}", end.detail), ..end }
        }
    }
}

/// Takes the best transition that leads out of done.
async fn leave_done(site: &Site, key: &str) -> Result<(), String> {
    let url = site.url(&["issue", key, "transitions"]);
    let answer = site.ask(Method::GET, url.clone(), None).await.map_err(Trouble::text)?;
    let id = way_out(&answer).ok_or("no transition leads out of done, or this account may not take it")?;
    let body = json!({ "transition": { "id": id } });
    site.ask(Method::POST, url, Some(&body)).await.map(drop).map_err(Trouble::text)
}

/// The transition to take, by status category, since names are localised: to do before in progress before any other,
/// and one without a screen first, as a screen may ask for fields.
fn way_out(answer: &Value) -> Option<&str> {
    let transitions = answer["transitions"].as_array()?;
    let open = transitions.iter().filter(|it| it["isAvailable"] != false).filter_map(|it| {
        let order = match it["to"]["statusCategory"]["key"].as_str()? {
            "done" => return None,
            "new" => 0,
            "indeterminate" => 1,
            _ => 2,
        };
        Some(((it["hasScreen"] == true, order), it["id"].as_str()?))
    });
    open.min_by_key(|(order, _)| *order).map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transition(id: &str, category: &str, has_screen: bool) -> Value {
        json!({ "id": id, "hasScreen": has_screen, "to": { "statusCategory": { "key": category } } })
    }

    #[test]
    fn the_way_out_goes_by_category_and_prefers_no_screen() {
        let all = [
            transition("1", "done", false),
            transition("2", "new", true),
            transition("3", "indeterminate", false),
            transition("4", "new", false),
        ];
        assert_eq!(way_out(&json!({ "transitions": all })), Some("4"));
        assert_eq!(way_out(&json!({ "transitions": all[..3] })), Some("3"));
        assert_eq!(way_out(&json!({ "transitions": all[..2] })), Some("2"));
        assert_eq!(way_out(&json!({ "transitions": all[..1] })), None);
    }

    #[test]
    fn a_key_is_nothing_but_a_key() {
        assert!(is_key("MLOPS-12") && is_key("A_1-7"));
        assert!(!is_key("MLOPS") && !is_key("../../admin") && !is_key("A-1/../x-1") && !is_key("-1"));
    }
}
