//! PagerDuty, held to its own document.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use watchkeeper_engine::ports::notifier::{Delivery, Notifier, To};
use watchkeeper_model::{Channel, Message, MessageKind, PagerdutyChannel, Secret, Severity};

use crate::{
    http_peer::{Answer, HttpPeer, half_answer},
    sample::{channels, handoff, name},
};

fn taken() -> Answer {
    let body = json!({ "status": "success", "message": "Event processed", "dedup_key": "0a1b2c3d4e" });
    Answer::Says(202, Vec::new(), body.to_string())
}

async fn post(url: &str, message: &Message) -> Delivery {
    let workspace = tempfile::tempdir().unwrap();
    fs::write(workspace.path().join("key"), "canary-key\n").unwrap();
    let pagerduty = PagerdutyChannel { routing_key: Secret::File("key".into()), url: Some(url.to_owned()) };
    let channels =
        channels(workspace.path(), Channel::Pagerduty(pagerduty)).with_time_limit(Duration::from_millis(500));
    channels.send(To::channel(&name("owner")), message).await
}

async fn event(message: &Message) -> Value {
    let peer = HttpPeer::pagerduty(taken()).await;
    let delivery = post(&peer.url, message).await;
    let key = message.facts.incident.clone().unwrap_or_else(|| message.id.clone());
    assert_eq!(delivery, Delivery::Sent(Some(key)), "so that it hears of who acknowledges");
    let recorded = peer.recorded();
    assert_eq!((recorded.len(), recorded[0].uri.path()), (1, "/v2/enqueue"));
    recorded[0].json()
}

#[tokio::test]
async fn an_incident_is_one_alert_from_its_trigger_to_its_end() {
    let mut message = Message { link: Some("https://watch.example.com/incidents/0a1b2c3d4e".to_owned()), ..handoff() };
    let triggered = event(&message).await;
    assert_eq!(
        (&triggered["event_action"], &triggered["dedup_key"], &triggered["routing_key"]),
        (&json!("trigger"), &json!("0a1b2c3d4e"), &json!("canary-key"))
    );
    let payload = &triggered["payload"];
    assert_eq!(payload["summary"], "loan-auc in breach: auc 0.5926, limit: below 0.6");
    assert_eq!((&payload["severity"], &payload["source"]), (&json!("critical"), &json!("loan-auc")));
    assert!(payload["custom_details"]["First step"].as_str().unwrap().starts_with("pause gate loan-decisions"));
    assert_eq!(triggered["links"][0]["href"], "https://watch.example.com/incidents/0a1b2c3d4e");
    for (kind, action) in [(MessageKind::Acknowledged, "acknowledge"), (MessageKind::Resolved, "resolve")] {
        message.kind = kind;
        let ended = event(&message).await;
        assert_eq!((&ended["event_action"], &ended["dedup_key"]), (&json!(action), &json!("0a1b2c3d4e")));
        assert!(ended.get("payload").is_none(), "{ended}");
    }
}

#[tokio::test]
async fn what_is_about_no_incident_is_an_alert_of_its_own() {
    let mut warning = Message { kind: MessageKind::Warning, id: "loan-auc.1.warning".to_owned(), ..handoff() };
    warning.facts.incident = None;
    warning.facts.severity = Severity::Info;
    let event = event(&warning).await;
    assert_eq!((&event["dedup_key"], &event["payload"]["severity"]), (&json!("loan-auc.1.warning"), &json!("info")));
}

#[tokio::test]
async fn a_peer_that_misbehaves_is_told_again_or_given_up() {
    let busy = Answer::Says(429, vec![("retry-after", "30")], String::new());
    let peer = HttpPeer::start(busy).await;
    let delivery = post(&peer.url, &handoff()).await;
    assert!(matches!(delivery, Delivery::Retry { after: Some(after), .. } if after == Duration::from_secs(30)));
    for (status, refused) in [(400, true), (500, false), (302, true)] {
        let peer = HttpPeer::start(Answer::Says(status, Vec::new(), "canary-key".to_owned())).await;
        let delivery = post(&peer.url, &handoff()).await;
        assert_eq!(matches!(delivery, Delivery::Refused(_)), refused, "{delivery:?}");
        assert!(!format!("{delivery:?}").contains("canary"), "{delivery:?}");
    }
    let away = post("http://127.0.0.1:9", &handoff()).await;
    assert!(matches!(away, Delivery::Retry { .. }), "{away:?}");
    let half = post(&half_answer(None).await, &handoff()).await;
    assert!(!matches!(half, Delivery::Refused(_)), "{half:?}");
}
