//! Microsoft Teams: a card in the envelope of a workflow.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use watchkeeper_engine::ports::notifier::{Delivery, Notifier, To};
use watchkeeper_model::{Channel, Message, Secret, TeamsChannel};

use crate::{
    http_peer::{Answer, HttpPeer},
    sample::{channels, handoff, name},
};

async fn post(url: &str, message: &Message) -> Delivery {
    let workspace = tempfile::tempdir().unwrap();
    fs::write(workspace.path().join("url"), format!("{url}/workflows/canary-signature\n")).unwrap();
    let teams = TeamsChannel { url: Secret::File("url".into()) };
    let channels = channels(workspace.path(), Channel::Teams(teams)).with_time_limit(Duration::from_millis(500));
    channels.send(To::channel(&name("owner")), message).await
}

async fn card(message: &Message) -> Value {
    let peer = HttpPeer::start(Answer::Says(202, Vec::new(), String::new())).await;
    assert_eq!(post(&peer.url, message).await, Delivery::Sent(None));
    let recorded = peer.recorded();
    assert_eq!((recorded.len(), recorded[0].uri.path()), (1, "/workflows/canary-signature"));
    assert!(recorded[0].body.len() <= 28 * 1024);
    let mut body = recorded[0].json();
    assert_eq!((&body["type"], body["attachments"].as_array().unwrap().len()), (&json!("message"), 1));
    assert_eq!(body["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    body["attachments"][0]["content"].take()
}

/// Every text of the card, and that each is one in which nothing is read as markup.
fn lines(card: &Value) -> Vec<String> {
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
    let body = card["body"].as_array().unwrap();
    let line = |block: &Value| {
        assert_eq!((&block["type"], &block["inlines"][0]["type"]), (&json!("RichTextBlock"), &json!("TextRun")));
        block["inlines"][0]["text"].as_str().unwrap().to_owned()
    };
    body.iter().map(line).collect()
}

#[tokio::test]
async fn a_message_is_a_card_of_plain_text() {
    let mut message = Message { link: Some("https://watch.example.com/incidents/0a1b2c3d4e".to_owned()), ..handoff() };
    message.facts.description = "[click](https://evil.example.com) **now** <at>all</at>".to_owned();
    let card = card(&message).await;
    let lines = lines(&card);
    assert_eq!(lines[0], "loan-auc in breach: auc 0.5926, limit: below 0.6");
    assert!(lines.iter().any(|line| line.contains("watchkeeper ack 0a1b2c3d4e")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("Ledger head: 9f9f")), "{lines:?}");
    assert_eq!(
        card["actions"],
        json!([{ "type": "Action.OpenUrl", "title": "The incident",
        "url": "https://watch.example.com/incidents/0a1b2c3d4e" }])
    );
}

#[tokio::test]
async fn a_card_has_room_for_the_longest_message() {
    let mut message = handoff();
    let next = message.next_steps[0].clone();
    message.next_steps = vec![watchkeeper_model::NextStep { description: "é".repeat(2_000), ..next }; 30];
    assert!(lines(&card(&message).await)[0].starts_with("loan-auc in breach"));
}

#[tokio::test]
async fn the_url_is_a_secret() {
    for answer in
        [Answer::Says(500, Vec::new(), String::new()), Answer::Never, Answer::Says(404, Vec::new(), String::new())]
    {
        let peer = HttpPeer::start(answer).await;
        let delivery = post(&peer.url, &handoff()).await;
        assert!(!matches!(delivery, Delivery::Sent(_)) && !format!("{delivery:?}").contains("canary"), "{delivery:?}");
    }
    let away = post("http://127.0.0.1:9", &handoff()).await;
    assert!(matches!(&away, Delivery::Retry { .. }) && !format!("{away:?}").contains("canary"), "{away:?}");
    let refused = post("http://169.254.169.254", &handoff()).await;
    assert!(!matches!(refused, Delivery::Sent(_)) && !format!("{refused:?}").contains("canary"), "{refused:?}");
}
