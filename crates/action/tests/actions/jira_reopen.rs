//! Jira steps: taking an earlier issue up again.

use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd};
use watchkeeper_model::{Action, JiraAction, JiraResolve, OnResolve, Outcome};

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

async fn over(peer: &Peer, on_resolve: OnResolve) -> ActionEnd {
    let action = Action::JiraResolve(JiraResolve(JiraAction { on_resolve, ..cloud(&peer.url()) }));
    Bench::new().perform_call(&ActionCall { reopen: Some("MLOPS-9".to_owned()), ..call(action, seconds(10)) }).await
}

fn commented() -> Reply {
    Reply::json(201, json!({ "id": "10000", "self": "https://x/rest/api/3/issue/9/comment/10000" }))
}

#[tokio::test]
async fn an_issue_is_told_that_its_incident_is_over_and_closed_where_that_is_wished() {
    let peer = Peer::jira_cloud([commented()]).await;
    assert_end(&over(&peer, OnResolve::Comment).await, Outcome::Done, "commented on MLOPS-9");
    assert_eq!(peer.lines(), ["POST /rest/api/3/issue/MLOPS-9/comment"]);
    assert_document(&peer.asked()[0].json()["body"]);

    let peer = Peer::jira_cloud([commented(), transitions(&["new", "done"]), Reply::empty(204)]).await;
    assert_end(&over(&peer, OnResolve::Close).await, Outcome::Done, "closed MLOPS-9");
    assert_eq!(peer.asked()[2].json(), json!({ "transition": { "id": "1" } }));

    let peer = Peer::jira_cloud([commented(), transitions(&["new"])]).await;
    let left = over(&peer, OnResolve::Close).await;
    assert_end(&left, Outcome::Done, "commented on MLOPS-9, which is still open: no transition leads to done");
}

#[tokio::test]
async fn a_drill_is_marked_in_the_issue() {
    let peer = Peer::jira_cloud([created("MLOPS-7")]).await;
    let drill = ActionCall { drill: true, ..call(Action::Jira(cloud(&peer.url())), seconds(10)) };
    assert_end(&Bench::new().perform_call(&drill).await, Outcome::Done, "opened MLOPS-7");
    let fields = peer.asked()[0].json()["fields"].clone();
    assert_eq!(fields["summary"], "[drill] auc is 0.55");
    assert!(fields["labels"].as_array().unwrap().contains(&json!("watchkeeper-drill")));
}

#[tokio::test]
async fn lint_asks_for_credential_project_and_issue_type_and_changes_nothing() {
    let myself = || Reply::json(200, json!({ "accountId": "1", "displayName": "Watch" }));
    let types = |names: &[&str]| -> Value { names.iter().map(|name| json!({ "id": "1", "name": name })).collect() };
    let project = |names: &[&str]| Reply::json(200, json!({ "key": "MLOPS", "issueTypes": types(names) }));
    for (names, said) in
        [(&["Task", "Bug"][..], Ok("MLOPS takes a Task")), (&["Bug"], Err("MLOPS has no issue type Task"))]
    {
        let peer = Peer::replying([myself(), project(names)]).await;
        let bench = Bench::new();
        let answer = bench.runner.ask(&Action::Jira(cloud(&peer.url())), seconds(5)).await.unwrap();
        match said {
            Ok(said) => assert_eq!(answer.as_deref(), Ok(said)),
            Err(said) => assert!(answer.as_ref().unwrap_err().starts_with(said), "{answer:?}"),
        }
        assert!(peer.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", peer.lines());
    }
    let peer = Peer::replying([Reply::json(401, json!({ "message": "no" }))]).await;
    let refused = Bench::new().runner.ask(&Action::Jira(cloud(&peer.url())), seconds(5)).await.unwrap();
    assert!(refused.unwrap_err().contains("401 Unauthorized"));
}
