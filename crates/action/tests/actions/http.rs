//! Http steps, against peers that misbehave.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, Actions};
use watchkeeper_model::{Action, BodyEncoding, Field, Fields, HttpAction, Outcome, Secret, Template};

use crate::{
    Bench, CANARY, assert_end, call,
    peer::{Peer, Reply, breaking_off},
    runner, seconds,
};

fn post(url: &str) -> HttpAction {
    HttpAction {
        method: "POST".to_owned(),
        url: format!("{url}/retrain"),
        headers: BTreeMap::new(),
        body: Fields::from([("reason".to_owned(), Field::Text(Template::literal("auc \"0.55\" {value}")))]),
        encoding: BodyEncoding::Json,
        follow: None,
        secrets: BTreeMap::new(),
        token: None,
        idempotent: false,
    }
}

fn idempotent(url: &str) -> HttpAction {
    HttpAction { idempotent: true, ..post(url) }
}

async fn perform(action: HttpAction) -> ActionEnd {
    Bench::new().perform(Action::Http(action), seconds(10)).await
}

#[tokio::test]
async fn a_request_carries_body_headers_token_and_key() {
    let peer = Peer::replying([Reply::json(202, json!({ "job": CANARY }))]).await;
    let headers = BTreeMap::from([("X-Team".to_owned(), "ml".to_owned())]);
    let action = HttpAction { headers, token: Some(Secret::File("token".into())), ..post(&peer.url()) };
    let end = perform(action).await;
    assert_end(&end, Outcome::Done, r#"POST 127.0.0.1 answered 202 Accepted: {"job":"[secret]"}"#);
    let asked = &peer.asked()[0];
    assert_eq!(asked.line, "POST /retrain");
    assert_eq!(asked.json(), json!({ "reason": "auc \"0.55\" {value}" }));
    assert_eq!(asked.header("content-type"), "application/json");
    assert_eq!(asked.header("x-team"), "ml");
    assert_eq!(asked.header("authorization"), format!("Bearer {CANARY}"));
    assert_eq!(asked.header("idempotency-key"), "fedcba98765432100123456789abcdef".repeat(2));
}

#[tokio::test]
async fn a_name_is_resolved_and_reached() {
    let peer = Peer::replying([Reply::empty(204)]).await;
    assert_end(&perform(post(&format!("http://localhost:{}", peer.port()))).await, Outcome::Done, "204 No Content");
}

#[tokio::test]
async fn a_refusal_has_failed_and_is_quoted_without_control_characters() {
    let peer = Peer::replying([Reply::Answer(422, Vec::new(), "no\u{1b}[1m such\njob".to_owned())]).await;
    let end = perform(idempotent(&peer.url())).await;
    assert_end(&end, Outcome::Failed, r"422 Unprocessable Entity: no\u{1b}[1m such\njob");
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Peer::replying([Reply::empty(200)]).await;
    let to = vec![("location", elsewhere.url())];
    let peer = Peer::replying([Reply::Answer(307, to, String::new())]).await;
    let end = perform(post(&peer.url())).await;
    let told = format!("it redirects to {}, which is not followed: it may have been carried out", elsewhere.url());
    assert_end(&end, Outcome::Unknown, &told);
    assert!(elsewhere.asked().is_empty());
    let peer = Peer::replying([Reply::Answer(302, vec![("location", elsewhere.url())], String::new())]).await;
    let get = HttpAction { method: "GET".to_owned(), ..post(&peer.url()) };
    assert_end(&perform(get).await, Outcome::Failed, "which is not followed");
}

#[tokio::test]
async fn what_was_lost_is_sent_again_where_the_peer_knows_the_key() {
    let peer = Peer::replying([Reply::Silence, Reply::empty(200)]).await;
    let end = Bench::new().perform(Action::Http(idempotent(&peer.url())), seconds(2)).await;
    assert_end(&end, Outcome::Done, "200 OK");
    let asked = peer.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!((&asked[0].headers, &asked[0].body), (&asked[1].headers, &asked[1].body), "the same bytes");
}

#[tokio::test]
async fn a_drill_is_marked_and_a_secret_header_is_sent_and_masked() {
    let bench = Bench::new();
    let percent = CANARY.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let said = format!("bad key {CANARY}, {}", percent.replace("%2D", "-"));
    let peer = Peer::replying([Reply::Answer(400, Vec::new(), said)]).await;
    let secrets = BTreeMap::from([("X-Api-Key".to_owned(), Secret::File("token".into()))]);
    let action = HttpAction { secrets, ..post(&peer.url()) };
    let end = bench.perform_call(&ActionCall { drill: true, ..call(Action::Http(action), seconds(5)) }).await;
    assert_end(&end, Outcome::Failed, "bad key [secret]");
    let asked = peer.asked().remove(0);
    assert_eq!((asked.header("x-api-key"), asked.header("x-watchkeeper-drill")), (CANARY, "true"));
    assert_eq!(asked.json()["drill"], true);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_under_the_same_key_when_that_is_safe() {
    let peer = Peer::replying([Reply::busy("0"), Reply::empty(503), Reply::empty(200)]).await;
    assert_end(&perform(idempotent(&peer.url())).await, Outcome::Done, "200 OK");
    let asked = peer.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|it| it.body == asked[0].body));
    assert!(asked.iter().all(|it| it.header("idempotency-key") == asked[0].header("idempotency-key")));
}

#[tokio::test]
async fn a_busy_server_is_not_asked_again_otherwise() {
    let peer = Peer::replying([Reply::busy("0"), Reply::empty(200)]).await;
    assert_end(&perform(post(&peer.url())).await, Outcome::Failed, "429 Too Many Requests");
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn a_wait_beyond_the_time_limit_is_not_begun() {
    let peer = Peer::replying([Reply::busy("3600")]).await;
    assert_end(&perform(idempotent(&peer.url())).await, Outcome::Failed, "429 Too Many Requests");
}

#[tokio::test]
async fn a_server_error_says_nothing_about_what_was_done() {
    let peer = Peer::replying([Reply::empty(500)]).await;
    let end = perform(post(&peer.url())).await;
    assert_end(&end, Outcome::Unknown, "500 Internal Server Error; the server may have carried it out");
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn a_refusal_after_a_server_error_settles_nothing() {
    let peer = Peer::replying([Reply::empty(502), Reply::empty(409)]).await;
    let end = perform(idempotent(&peer.url())).await;
    assert_end(&end, Outcome::Unknown, "409 Conflict; an earlier attempt may have been carried out");
}

#[tokio::test]
async fn silence_after_the_request_is_unknown_within_the_time_limit() {
    let peer = Peer::replying([Reply::Silence]).await;
    let action = Action::Http(idempotent(&peer.url()));
    let end = Bench::new().perform(action, Duration::from_millis(700)).await;
    assert_end(&end, Outcome::Unknown, "may have been carried out: there was no answer within the time limit");
    assert_eq!(peer.asked().len(), 1, "the request was read");
}

#[tokio::test]
async fn a_closed_connection_and_half_an_answer_are_unknown() {
    let closed = breaking_off("", None).await;
    assert_end(&perform(post(&closed)).await, Outcome::Unknown, "may have been carried out");
    let half = breaking_off("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"job\":", None).await;
    assert_end(&perform(post(&half)).await, Outcome::Unknown, "200 OK: {\"job\":; the answer broke off");
}

#[tokio::test]
async fn nobody_listening_is_a_certain_failure() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let end = perform(post(&format!("http://{free}"))).await;
    assert_end(&end, Outcome::Failed, "127.0.0.1 could not be reached: ");
    assert_end(&end, Outcome::Failed, "Connection refused");
}

#[tokio::test]
async fn hosts_are_checked_again_when_the_step_runs() {
    let peer = Peer::replying([]).await;
    let bench = Bench::new();
    let strict = runner(bench.workspace.path(), &["example.com", "127.0.0.1:1", "169.254.169.254"]);
    let end = strict.perform(&call(Action::Http(post(&peer.url())), seconds(5))).await;
    assert_end(&end, Outcome::Failed, "is not in `allow.hosts` of watchkeeper.toml");
    let end = strict.perform(&call(Action::Http(post("http://169.254.169.254")), seconds(5))).await;
    assert_end(&end, Outcome::Failed, "169.254.169.254 is a link-local address");
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn a_missing_token_or_a_reserved_header_stops_the_request() {
    let peer = Peer::replying([]).await;
    let action = HttpAction { token: Some(Secret::File("nowhere".into())), ..post(&peer.url()) };
    assert_end(&perform(action).await, Outcome::Failed, "cannot read the secret in ");
    let headers = BTreeMap::from([("Host".to_owned(), "other.example.com".to_owned())]);
    let action = HttpAction { headers, ..post(&peer.url()) };
    assert_end(&perform(action).await, Outcome::Failed, "`Host` is the connection's or the call's own header");
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn retries_are_for_what_was_certainly_not_carried_out() {
    let with = |action: HttpAction, retries: u32| ActionCall {
        retries: Some(retries),
        ..call(Action::Http(action), seconds(10))
    };
    let peer = Peer::replying([Reply::busy("0"), Reply::busy("0"), Reply::empty(200)]).await;
    let end = Bench::new().perform_call(&with(post(&peer.url()), 2)).await;
    assert_end(&end, Outcome::Done, "200 OK");
    assert_eq!(peer.asked().len(), 3);
    let peer = Peer::replying([Reply::busy("0"), Reply::busy("0"), Reply::empty(200)]).await;
    let end = Bench::new().perform_call(&with(post(&peer.url()), 1)).await;
    assert_end(&end, Outcome::Failed, "429 Too Many Requests");
    // Nobody knows what a server did that fails, so that only a peer that knows the key is asked again.
    let peer = Peer::replying([Reply::empty(503), Reply::empty(200)]).await;
    let end = Bench::new().perform_call(&with(post(&peer.url()), 5)).await;
    assert_eq!((end.outcome, peer.asked().len()), (Outcome::Unknown, 1), "{end:?}");
    let peer = Peer::replying([Reply::empty(503), Reply::empty(200)]).await;
    let end = Bench::new().perform_call(&with(idempotent(&peer.url()), 0)).await;
    assert_eq!((end.outcome, peer.asked().len()), (Outcome::Unknown, 1), "{end:?}");
}
