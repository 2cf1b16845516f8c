//! Webhooks, received over a real socket.

use std::{fs, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use watchkeeper_engine::ports::notifier::{Delivery, Notifier, To};
use watchkeeper_model::{Channel, Message, Secret, WebhookChannel};

use crate::{
    http_peer::{Answer, HttpPeer, Recorded, half_answer},
    sample::{channels, handoff, name},
};

async fn post(url: String) -> Delivery {
    let workspace = tempfile::tempdir().unwrap();
    fs::write(workspace.path().join("key"), "canary-key\n").unwrap();
    let webhook = WebhookChannel { url, secret: Some(Secret::File("key".into())) };
    let channels = channels(workspace.path(), Channel::Webhook(webhook)).with_time_limit(Duration::from_millis(500));
    channels.send(To::channel(&name("owner")), &handoff()).await
}

async fn deliver(answer: Answer) -> (Delivery, Recorded) {
    let peer = HttpPeer::start(answer).await;
    let delivery = post(format!("{}/hooks/7?team=ml", peer.url)).await;
    let [recorded] = <[Recorded; 1]>::try_from(peer.recorded()).ok().unwrap();
    (delivery, recorded)
}

fn says(status: u16) -> Answer {
    Answer::Says(status, Vec::new(), String::new())
}

#[tokio::test]
async fn a_message_is_a_cloud_event_with_all_its_facts() {
    let (delivery, request) = deliver(says(202)).await;
    assert_eq!(delivery, Delivery::Sent(None));
    assert_eq!((request.method.as_str(), request.uri.to_string()), ("POST", "/hooks/7?team=ml".to_owned()));
    assert_eq!(request.header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert_eq!(request.header("idempotency-key"), "0a1b2c3d4e.handoff.ml-team");
    let mut body = request.json();
    let data = body.as_object_mut().unwrap().remove("data").unwrap();
    assert_eq!(serde_json::from_value::<Message>(data).unwrap(), handoff());
    assert_eq!(
        body,
        json!({
            "specversion": "1.0", "id": "0a1b2c3d4e.handoff.ml-team", "source": "/watchkeeper/monitors/loan-auc",
            "type": "watchkeeper.handoff", "time": "2026-11-02T06:00:00Z", "subject": "0a1b2c3d4e",
            "datacontenttype": "application/json",
        })
    );
}

#[tokio::test]
async fn the_signature_is_over_the_raw_body() {
    let (_, request) = deliver(says(200)).await;
    let signature = request.header("x-watchkeeper-signature").strip_prefix("sha256=").unwrap();
    let digest: Vec<u8> =
        (0..signature.len()).step_by(2).map(|at| u8::from_str_radix(&signature[at..at + 2], 16).unwrap()).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"canary-key").unwrap();
    mac.update(&request.body);
    mac.verify_slice(&digest).unwrap();
}

#[tokio::test]
async fn a_peer_that_is_busy_is_asked_again_when_it_likes() {
    let answer = Answer::Says(429, vec![("retry-after", "120")], String::new());
    let (delivery, _) = deliver(answer).await;
    assert!(
        matches!(delivery, Delivery::Retry { after: Some(after), .. } if after == Duration::from_secs(120)),
        "{delivery:?}"
    );
    for answer in [says(401), says(403), says(404)] {
        let (delivery, _) = deliver(answer).await;
        assert!(matches!(delivery, Delivery::Unwell(_)), "{delivery:?}");
    }
    for answer in [says(500), says(503), says(408), Answer::Never] {
        let (delivery, _) = deliver(answer).await;
        assert!(matches!(delivery, Delivery::Retry { after: None, .. }), "{delivery:?}");
    }
}

#[tokio::test]
async fn other_refusals_and_redirects_are_final() {
    let elsewhere = Answer::Says(302, vec![("location", "http://127.0.0.1:1/")], String::new());
    for answer in [says(400), says(410), says(422), elsewhere] {
        let (delivery, _) = deliver(answer).await;
        assert!(matches!(delivery, Delivery::Refused(_)), "{delivery:?}");
    }
}

#[tokio::test]
async fn a_half_answer_or_none_is_tried_again() {
    for url in [half_answer(None).await, "http://127.0.0.1:1/".to_owned()] {
        let delivery = post(url).await;
        assert!(matches!(delivery, Delivery::Retry { .. }), "{delivery:?}");
        assert!(!format!("{delivery:?}").contains("canary"));
    }
}
