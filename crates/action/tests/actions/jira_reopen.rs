//! Jira steps: taking an earlier issue up again.

use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd};
use watchkeeper_model::{Action, Outcome};

use crate::{
    Bench, assert_end, call,
    jira::{assert_document, cloud, created},
    peer::{Peer, Reply},
    seconds,
};

const OPEN: [&str; 2] = ["GET /rest/api/3/issue/MLOPS-9?fields=status", "PUT /rest/api/3/issue/MLOPS-9"];

fn issue(category: &str) -> Reply {
    let status = json!({ "name": "erledigt", "statusCategory": { "key": category } });
    Reply::json(200, json!({ "id": "9", "key": "MLOPS-9", "fields": { "status": status } }))
}

fn transitions(categories: &[&str]) -> Reply {
    let numbered = categories.iter().enumerate();
    let list: Vec<Value> = numbered
        .map(|(id, key)| json!({ "id": id.to_string(), "name": "?", "to": { "statusCategory": { "key": key } } }))
        .collect();
    Reply::json(200, json!({ "transitions": list }))
}

async fn reopen(peer: &Peer) -> ActionEnd {
    let call = call(Action::Jira(cloud(&peer.url())), seconds(10));
    Bench::new().perform_call(&ActionCall { reopen: Some("MLOPS-9".to_owned()), ..call }).await
}

#[tokio::test]
async fn a_closed_issue_gets_a_comment_and_marks_and_leaves_done() {
    let peer = Peer::jira_cloud([
        issue("done"),
        Reply::empty(204),
        transitions(&["done", "indeterminate", "new"]),
        Reply::empty(204),
    ])
    .await;
    let end = reopen(&peer).await;
    assert_eq!(end, ActionEnd { reference: Some("MLOPS-9".to_owned()), ..ActionEnd::done("reopened MLOPS-9") });
    let transitions = ["GET", "POST"].map(|method| format!("{method} /rest/api/3/issue/MLOPS-9/transitions"));
    assert_eq!(peer.lines()[..2], OPEN);
    assert_eq!(peer.lines()[2..], transitions);
    let update = &peer.asked()[1].json()["update"];
    assert_document(&update["comment"][0]["add"]["body"]);
    assert_eq!(
        update["labels"],
        json!([{ "add": "watchkeeper-0123456789" }, { "add": "watchkeeper-step-fedcba9876" }])
    );
    assert_eq!(peer.asked()[3].json(), json!({ "transition": { "id": "2" } }));
}

#[tokio::test]
async fn an_open_issue_is_only_commented_on() {
    let peer = Peer::jira_cloud([issue("indeterminate"), Reply::empty(204)]).await;
    assert_end(&reopen(&peer).await, Outcome::Done, "commented on MLOPS-9");
    assert_eq!(peer.lines(), OPEN);
}

#[tokio::test]
async fn an_issue_that_is_gone_is_opened_anew() {
    let gone = json!({ "errorMessages": ["Issue does not exist or you do not have permission to see it."] });
    let peer = Peer::jira_cloud([Reply::json(404, gone), created("MLOPS-20")]).await;
    let end = reopen(&peer).await;
    assert_end(&end, Outcome::Done, "opened MLOPS-20; the earlier issue MLOPS-9 is gone");
    assert_eq!(end.reference.as_deref(), Some("MLOPS-20"));
}

#[tokio::test]
async fn an_issue_that_may_not_be_edited_is_opened_anew() {
    let refused = json!({ "errorMessages": [], "errors": { "labels": "Field 'labels' cannot be set." } });
    let peer = Peer::jira_cloud([issue("done"), Reply::json(400, refused), created("MLOPS-21")]).await;
    let end = reopen(&peer).await;
    assert_end(&end, Outcome::Done, "opened MLOPS-21; the earlier issue MLOPS-9 cannot be changed: Jira answered 400");
}

#[tokio::test]
async fn a_status_that_does_not_move_is_told() {
    let peer = Peer::jira_cloud([issue("done"), Reply::empty(204), transitions(&["done"])]).await;
    let said = "commented on MLOPS-9, which is still closed: no transition leads out of done";
    assert_end(&reopen(&peer).await, Outcome::Done, said);
}

#[tokio::test]
async fn a_lost_edit_is_unknown_and_no_second_issue_is_opened() {
    let peer = Peer::jira_cloud([issue("done"), Reply::empty(502)]).await;
    assert_end(&reopen(&peer).await, Outcome::Unknown, "MLOPS-9 may have been commented on");
    assert_eq!(peer.lines(), OPEN);
}

#[tokio::test]
async fn a_credential_that_is_not_taken_opens_nothing() {
    let peer = Peer::jira_cloud([Reply::empty(401)]).await;
    assert_end(&reopen(&peer).await, Outcome::Failed, "Jira answered 401");
    assert_eq!(peer.asked().len(), 1);
}
