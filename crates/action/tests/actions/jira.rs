//! Jira steps: opening issues, and finding them again.

use std::time::Duration;

use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionEnd, Actions, Probe};
use watchkeeper_model::{Action, JiraAction, JiraApi, Outcome, Secret, Template};
use watchkeeper_testkit::{Vendor, Witness};

use crate::{
    Bench, CANARY, assert_end, call,
    peer::{Peer, Reply, breaking_off},
    seconds,
};

pub(crate) fn cloud(url: &str) -> JiraAction {
    JiraAction {
        url: url.to_owned(),
        api: JiraApi::V3,
        user: Some("watch@example.com".to_owned()),
        token: Secret::File("token".into()),
        project: "MLOPS".to_owned(),
        issue_type: "Task".to_owned(),
        summary: Template::literal("auc is\n0.55"),
        description: Some(Template::literal("First *paragraph*\nwith {braces}.\n\nSecond.")),
        labels: vec!["loans".to_owned(), "watchkeeper".to_owned()],
        reopen_within: JiraAction::REOPEN_WITHIN,
        on_resolve: watchkeeper_model::OnResolve::Nothing,
        create_when_unknown: false,
    }
}

fn data_center(url: &str) -> JiraAction {
    JiraAction { api: JiraApi::V2, user: None, ..cloud(url) }
}

pub(crate) fn created(key: &str) -> Reply {
    Reply::json(201, json!({ "id": "10012", "key": key, "self": format!("https://x/rest/api/3/issue/{key}") }))
}

async fn perform(action: JiraAction) -> ActionEnd {
    Bench::new().perform(Action::Jira(action), seconds(10)).await
}

/// The least that Jira Cloud asks of a document.
pub(crate) fn assert_document(document: &Value) {
    assert_eq!((&document["version"], &document["type"]), (&json!(1), &json!("doc")), "{document}");
    for paragraph in document["content"].as_array().unwrap() {
        assert_eq!(paragraph["type"], "paragraph");
        for node in paragraph["content"].as_array().unwrap() {
            match node["type"].as_str().unwrap() {
                "text" => assert!(!node["text"].as_str().unwrap().is_empty()),
                kind => assert_eq!(kind, "hardBreak"),
            }
        }
    }
}

#[tokio::test]
async fn an_issue_is_opened_in_cloud() {
    let peer = Peer::jira_cloud([created("MLOPS-12")]).await;
    let end = perform(cloud(&peer.url())).await;
    assert_eq!(end, ActionEnd { reference: Some("MLOPS-12".to_owned()), ..ActionEnd::done("opened MLOPS-12") });
    let asked = &peer.asked()[0];
    assert_eq!(asked.line, "POST /rest/api/3/issue");
    // `watch@example.com:canary-5ecret-value` in base64.
    assert_eq!(asked.header("authorization"), "Basic d2F0Y2hAZXhhbXBsZS5jb206Y2FuYXJ5LTVlY3JldC12YWx1ZQ==");
    let fields = &asked.json()["fields"];
    assert_eq!(fields["project"], json!({ "key": "MLOPS" }));
    assert_eq!(fields["issuetype"], json!({ "name": "Task" }));
    assert_eq!(fields["summary"], "auc is 0.55");
    assert_eq!(
        fields["labels"],
        json!(["watchkeeper", "watchkeeper-0123456789", "watchkeeper-step-fedcba9876", "loans"])
    );
    assert_document(&fields["description"]);
    assert_eq!(fields["description"]["content"][0]["content"][2]["text"], "with {braces}.");
}

#[tokio::test]
async fn an_issue_is_opened_in_data_center_under_its_own_path() {
    let peer = Peer::replying([created("MLOPS-3")]).await;
    let end = perform(data_center(&format!("{}/jira/", peer.url()))).await;
    assert_eq!(end.reference.as_deref(), Some("MLOPS-3"));
    let asked = &peer.asked()[0];
    assert_eq!(asked.line, "POST /jira/rest/api/2/issue");
    assert_eq!(asked.header("authorization"), format!("Bearer {CANARY}"));
    assert_eq!(asked.json()["fields"]["description"], "First *paragraph*\nwith \\{braces\\}.\n\nSecond.");
}

#[tokio::test]
async fn without_a_description_the_issue_says_where_it_comes_from() {
    let peer = Peer::replying([created("MLOPS-4")]).await;
    perform(JiraAction { description: None, ..data_center(&peer.url()) }).await;
    let description = peer.asked()[0].json()["fields"]["description"].as_str().unwrap().to_owned();
    assert!(description.contains("incident aaaabbbbcc, run 0123456789"), "{description}");
}

#[tokio::test]
async fn long_texts_are_cut_at_jiras_lengths() {
    let peer = Peer::replying([created("MLOPS-5")]).await;
    let long = Template::literal(&"é".repeat(40_000));
    perform(JiraAction { summary: long.clone(), description: Some(long), ..data_center(&peer.url()) }).await;
    let fields = peer.asked()[0].json()["fields"].clone();
    assert_eq!(fields["summary"].as_str().unwrap().chars().count(), 255);
    assert_eq!(fields["description"].as_str().unwrap().chars().count(), 32_767);
}

#[tokio::test]
async fn a_busy_jira_is_asked_again() {
    let peer = Peer::jira_cloud([Reply::busy("0"), created("MLOPS-6")]).await;
    assert_end(&perform(cloud(&peer.url())).await, Outcome::Done, "opened MLOPS-6");
    assert_eq!(peer.asked().len(), 2);
    let peer = Peer::jira_cloud([Reply::busy("3600")]).await;
    assert_end(&perform(cloud(&peer.url())).await, Outcome::Failed, "Jira answered 429 Too Many Requests");
}

#[tokio::test]
async fn a_refusal_tells_jiras_own_words() {
    let body = json!({
        "errorMessages": ["Field 'priority' is required"],
        "errors": { "project": "valid project is required", "summary": "You must specify a summary." },
    });
    let peer = Peer::jira_cloud([Reply::json(400, body)]).await;
    let said = "Jira answered 400 Bad Request: Field 'priority' is required; project: valid project is required; \
                summary: You must specify a summary.";
    assert_end(&perform(cloud(&peer.url())).await, Outcome::Failed, said);
}

#[tokio::test]
async fn a_credential_that_is_not_taken_has_failed() {
    for status in [401, 403] {
        let login = Reply::Answer(status, vec![("content-type", "text/html".into())], "<h1>log in</h1>".into());
        let end = perform(cloud(&Peer::jira_cloud([login]).await.url())).await;
        assert_end(&end, Outcome::Failed, &format!("Jira answered {status}"));
        assert!(!end.detail.contains("<h1>"));
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_unknown() {
    let silent = Peer::jira_cloud([Reply::Silence]).await;
    let end = Bench::new().perform(Action::Jira(cloud(&silent.url())), Duration::from_millis(700)).await;
    assert_end(&end, Outcome::Unknown, "the issue may have been opened: Jira did not answer");
    assert_eq!(silent.asked().len(), 1);
    let failing = Peer::jira_cloud([Reply::empty(500)]).await;
    assert_end(&perform(cloud(&failing.url())).await, Outcome::Unknown, "500 Internal Server Error");
    assert_eq!(failing.asked().len(), 1);
    let witness = Witness::of(Vendor::Jira);
    let half = "HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"id\":";
    let half = breaking_off(half, Some(witness.notes())).await;
    assert_end(&perform(cloud(&half)).await, Outcome::Unknown, "Jira's answer (201 Created) broke off");
    assert_end(
        &perform(cloud(&breaking_off("", Some(witness.notes())).await)).await,
        Outcome::Unknown,
        "may have been opened",
    );
    let page = Peer::jira_cloud([Reply::Answer(200, Vec::new(), "<html>".into())]).await;
    assert_end(&perform(cloud(&page.url())).await, Outcome::Unknown, "something other than JSON");
}

async fn probe(action: JiraAction) -> Probe {
    Bench::new().runner.probe(&call(Action::Jira(action), seconds(5))).await
}

#[tokio::test]
async fn the_mark_is_looked_for_by_run_and_step() {
    let found = json!({ "isLast": true, "issues": [{ "id": "1", "key": "MLOPS-12", "fields": { "summary": "x" } }] });
    let peer = Peer::jira_cloud([Reply::json(200, found)]).await;
    assert_eq!(probe(cloud(&peer.url())).await, Probe::Found("MLOPS-12".to_owned()));
    let asked = &peer.asked()[0];
    assert_eq!(asked.line, "POST /rest/api/3/search/jql");
    let query = r#"labels = "watchkeeper-0123456789" AND labels = "watchkeeper-step-fedcba9876""#;
    assert_eq!(asked.json(), json!({ "jql": query, "fields": ["summary"], "maxResults": 10 }));
}

#[tokio::test]
async fn no_mark_is_absent_and_no_answer_is_unreachable() {
    let nothing = Peer::replying([Reply::json(200, json!({ "issues": [], "total": 0 }))]).await;
    assert_eq!(probe(data_center(&nothing.url())).await, Probe::Absent);
    assert_eq!(nothing.lines(), ["POST /rest/api/2/search"]);
    for reply in [Reply::empty(503), Reply::json(200, json!({})), Reply::json(400, json!({ "errorMessages": ["no"] }))]
    {
        let peer = Peer::jira_cloud([reply]).await;
        assert!(matches!(probe(cloud(&peer.url())).await, Probe::Unreachable(_)));
    }
}

#[tokio::test]
async fn a_run_that_is_no_digest_never_becomes_a_query() {
    let peer = Peer::jira_cloud([]).await;
    let mut call = call(Action::Jira(cloud(&peer.url())), seconds(5));
    call.run = "x\" OR project = \"SECRET".to_owned();
    assert!(matches!(Bench::new().runner.probe(&call).await, Probe::Unreachable(_)));
    assert!(peer.asked().is_empty());
}
