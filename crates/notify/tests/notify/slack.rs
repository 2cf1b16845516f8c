//! Slack, spoken to over a real socket.

use std::{fs, path::Path, time::Duration};

use serde_json::{Value, json};
use watchkeeper_engine::ports::notifier::{Delivery, Notifier, Thread, To};
use watchkeeper_model::{Channel, Message, MessageKind, Secret, SlackChannel};
use watchkeeper_testkit::{Vendor, Witness};

use crate::{
    http_peer::{Answer, HttpPeer, Recorded, half_answer},
    sample::{channels, handoff, hostile, name, named},
};

fn says(status: u16, body: Value) -> Answer {
    Answer::Says(status, Vec::new(), body.to_string())
}

fn posted() -> Answer {
    let message = json!({ "type": "message", "ts": "1503435956.000247", "text": "posted" });
    says(200, json!({ "ok": true, "channel": "C024BE91L", "ts": "1503435956.000247", "message": message }))
}

fn workspace() -> tempfile::TempDir {
    let workspace = tempfile::tempdir().unwrap();
    fs::write(workspace.path().join("token"), "xoxb-canary\n").unwrap();
    workspace
}

fn to_slack(url: &str, workspace: &Path) -> watchkeeper_notify::Channels {
    let token = Secret::File("token".into());
    let slack = SlackChannel { channel: "#ml-alerts".to_owned(), token, url: Some(format!("{url}/api")) };
    channels(workspace, Channel::Slack(slack)).with_time_limit(Duration::from_millis(500))
}

async fn deliver(answer: Answer, message: &Message) -> (Delivery, Recorded) {
    let (peer, workspace) = (HttpPeer::slack(answer).await, workspace());
    let delivery = to_slack(&peer.url, workspace.path()).send(To::channel(&name("owner")), message).await;
    let [recorded] = <[Recorded; 1]>::try_from(peer.recorded()).ok().unwrap();
    (delivery, recorded)
}

/// Every text element in the blocks, by its type.
fn texts(value: &Value, kind: &str) -> Vec<String> {
    match value {
        Value::Object(object) if object.get("type") == Some(&json!(kind)) => {
            vec![object["text"].as_str().unwrap().to_owned()]
        }
        Value::Object(object) => object.values().flat_map(|value| texts(value, kind)).collect(),
        Value::Array(values) => values.iter().flat_map(|value| texts(value, kind)).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_handoff_is_posted_as_blocks_with_its_id_in_the_metadata() {
    let (delivery, request) = deliver(posted(), &handoff()).await;
    assert_eq!(delivery, Delivery::Sent(Some("C024BE91L/1503435956.000247".to_owned())));
    assert_eq!((request.method.as_str(), request.uri.path()), ("POST", "/api/chat.postMessage"));
    assert_eq!(request.header("authorization"), "Bearer xoxb-canary");
    assert!(request.header("content-type").starts_with("application/json"));
    let body = request.json();
    assert_eq!(body["channel"], "#ml-alerts");
    assert_eq!(
        body["metadata"],
        json!({ "event_type": "watchkeeper_handoff", "event_payload": { "id": "0a1b2c3d4e.handoff.ml-team" } })
    );
    let kinds: Vec<_> = body["blocks"].as_array().unwrap().iter().map(|block| block["type"].clone()).collect();
    let section = "section";
    assert_eq!(kinds, ["header", section, section, section, section, section, section, section, "context"]);
    assert_eq!(texts(&body["blocks"], "mrkdwn"), ["*Measured*", "*First step*", "*What you can do*"]);
    let said = texts(&body["blocks"], "plain_text").join("\n");
    for words in ["auc 0.5926, limit: below 0.6", "pause gate loan-decisions", "watchkeeper ack 0a1b2c3d4e"] {
        assert!(said.contains(words), "`{words}` is missing in:\n{said}");
    }
}

#[tokio::test]
async fn what_data_says_pings_nobody() {
    let (_, request) = deliver(posted(), &hostile()).await;
    let body = request.json();
    let plain = texts(&body["blocks"], "plain_text").join("\n");
    assert!(plain.contains("<!channel>"), "data is shown as it is: {plain}");
    let read_as_markup = texts(&body["blocks"], "mrkdwn").join("\n") + body["text"].as_str().unwrap();
    assert!(!read_as_markup.contains('<') && read_as_markup.contains("&lt;!channel&gt; &amp;"), "{read_as_markup}");
    assert_eq!(body["link_names"], false);
}

#[tokio::test]
async fn long_data_is_cut_to_slack_s_limits() {
    let mut message = handoff();
    message.facts.description = "ä".repeat(10_000);
    message.facts.series[0].subject = named("m".repeat(500));
    message.facts.series[0].detail = Some("d".repeat(10_000));
    let (_, request) = deliver(posted(), &message).await;
    let body = request.json();
    assert!(body["blocks"][0]["text"]["text"].as_str().unwrap().chars().count() <= 150);
    assert!(texts(&body["blocks"], "plain_text").iter().all(|text| text.chars().count() <= 3_000));
}

#[tokio::test]
async fn two_messages_are_a_second_apart() {
    let (peer, workspace) = (HttpPeer::slack(posted()).await, workspace());
    let channels = to_slack(&peer.url, workspace.path());
    let owner = name("owner");
    let (first, second) = (handoff(), handoff());
    tokio::join!(channels.send(To::channel(&owner), &first), channels.send(To::channel(&owner), &second));
    let times: Vec<_> = peer.recorded().iter().map(|request| request.at).collect();
    // The timer counts whole milliseconds, and the first message may have been on its way a little longer.
    assert!(times[1] - times[0] >= Duration::from_millis(900), "{:?}", times[1] - times[0]);
}

#[tokio::test]
async fn slack_s_wish_to_wait_is_passed_on() {
    let answer =
        Answer::Says(429, vec![("retry-after", "30")], json!({ "ok": false, "error": "ratelimited" }).to_string());
    let (delivery, _) = deliver(answer, &handoff()).await;
    assert!(
        matches!(delivery, Delivery::Retry { after: Some(after), .. } if after == Duration::from_secs(30)),
        "{delivery:?}"
    );
}

#[tokio::test]
async fn a_refused_token_or_channel_is_a_refusal_with_a_hint() {
    let (said, _) = deliver(says(200, json!({ "ok": false, "error": "invalid_auth" })), &handoff()).await;
    assert!(matches!(&said, Delivery::Unwell(reason) if reason.contains("bot token")), "{said:?}");
    let cases = [("channel_not_found", "channel's name"), ("not_in_channel", "invite")];
    for (code, hint) in cases {
        let (delivery, _) = deliver(says(200, json!({ "ok": false, "error": code })), &handoff()).await;
        assert!(
            matches!(&delivery, Delivery::Refused(reason) if reason.contains(code) && reason.contains(hint)),
            "{delivery:?}"
        );
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let stranger =
        Answer::Strange(200, vec![("content-type", "text/html")], "<p>log in to this network</p>".to_owned());
    let answers = [
        says(200, json!({ "ok": false, "error": "internal_error" })),
        Answer::Strange(200, Vec::new(), json!({ "ok": true }).to_string()),
        Answer::Strange(503, Vec::new(), json!({}).to_string()),
        stranger,
        Answer::Never,
    ];
    for answer in answers {
        let (delivery, _) = deliver(answer, &handoff()).await;
        assert!(matches!(delivery, Delivery::Retry { .. }), "{delivery:?}");
        assert!(!format!("{delivery:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_half_answer_and_an_unreadable_token_are_tried_again() {
    let (witness, workspace) = (Witness::of(Vendor::Slack), workspace());
    let channels = to_slack(&half_answer(Some(witness.notes())).await, workspace.path());
    let delivery = channels.send(To::channel(&name("owner")), &handoff()).await;
    assert!(matches!(delivery, Delivery::Retry { .. }), "{delivery:?}");
    fs::remove_file(workspace.path().join("token")).unwrap();
    let delivery = channels.send(To::channel(&name("owner")), &handoff()).await;
    assert!(matches!(&delivery, Delivery::Retry { reason, .. } if reason.contains("cannot read")), "{delivery:?}");
}

/// A message of the same incident after its handoff.
async fn in_thread(message: &Message) -> Vec<Recorded> {
    let (peer, workspace) = (HttpPeer::slack(posted()).await, workspace());
    let (owner, root) = (name("owner"), handoff());
    let thread = Thread { reference: "C024BE91L/1503435956.000247".to_owned(), root };
    let to = To { thread: Some(&thread), ..To::channel(&owner) };
    let delivery = to_slack(&peer.url, workspace.path()).send(to, message).await;
    assert!(matches!(delivery, Delivery::Sent(_)), "{delivery:?}");
    peer.recorded()
}

#[tokio::test]
async fn the_story_of_an_incident_is_one_thread_whose_first_message_shows_how_it_stands() {
    let resolved = Message { kind: MessageKind::Resolved, next_steps: Vec::new(), ..handoff() };
    let requests = in_thread(&resolved).await;
    let paths: Vec<&str> = requests.iter().map(|request| request.uri.path()).collect();
    assert_eq!(paths, ["/api/chat.update", "/api/chat.postMessage"]);
    let (update, post) = (requests[0].json(), requests[1].json());
    assert_eq!((&update["channel"], &update["ts"]), (&json!("C024BE91L"), &json!("1503435956.000247")));
    let head = update["blocks"][0]["text"]["text"].as_str().unwrap();
    assert!(head.starts_with("[resolved] loan-auc in breach: auc"), "{head}");
    assert_eq!((&post["channel"], &post["thread_ts"]), (&json!("C024BE91L"), &json!("1503435956.000247")));

    let step = Message { kind: MessageKind::Step, ..handoff() };
    let requests = in_thread(&step).await;
    assert_eq!(requests.len(), 1, "a later step changes nothing of how it stands");
    assert_eq!(requests[0].json()["thread_ts"], "1503435956.000247");
}

#[tokio::test]
async fn a_length_holds_in_characters_and_in_utf_16_units() {
    let mut message = handoff();
    message.facts.series[0].subject = named("\u{1d49c}".repeat(200));
    message.facts.description = "\u{1f600}".repeat(10_000);
    let (_, request) = deliver(posted(), &message).await;
    let body = request.json();
    let units = |text: &str| text.encode_utf16().count();
    assert!(units(body["blocks"][0]["text"]["text"].as_str().unwrap()) <= 150);
    assert!(texts(&body["blocks"], "plain_text").iter().all(|text| units(text) <= 3_000));
}
