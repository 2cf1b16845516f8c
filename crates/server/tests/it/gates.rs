//! Gates asked over a real socket.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use watchkeeper_model::GateState;
use watchkeeper_testkit::{Exchange, Vendor, Witness};

use crate::house::{Served, gate, name, read};

/// Asks over OFREP, and compares its answers with its document at the end of the test.
struct Asking {
    served: Served,
    witness: Witness,
}

impl Asking {
    async fn start() -> Self {
        Self { served: Served::start().await, witness: Witness::of(Vendor::Ofrep) }
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.served.get(path).await
    }

    async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
        let request = self.served.client.post(format!("{}{path}", self.served.url)).body(body);
        let (status, _, text) = self.evaluate(path, request).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    /// Asks for all gates; the status, the answer's ETag and its text.
    async fn bulk(&self, held: &str) -> (StatusCode, String, String) {
        let path = "/ofrep/v1/evaluate/flags";
        let request = self.served.client.post(format!("{}{path}", self.served.url)).header("If-None-Match", held);
        self.evaluate(path, request.json(&json!({ "context": {} }))).await
    }

    async fn evaluate(&self, path: &str, request: RequestBuilder) -> (StatusCode, String, String) {
        let response = request.send().await.unwrap();
        let tag = response.headers().get("etag").map_or("", |tag| tag.to_str().unwrap()).to_owned();
        let (status, text) = (response.status(), response.text().await.unwrap());
        let answer = Some((status.as_u16(), text.clone()));
        let exchange = Exchange { method: "POST".to_owned(), target: path.to_owned(), answer, ..Exchange::default() };
        self.witness.notes().add(&exchange);
        (status, tag, text)
    }
}

const ASK: &str = r#"{"context": {"targetingKey": "decision-service"}}"#;

#[tokio::test]
async fn a_paused_gate_is_a_false_flag_with_its_reason() {
    let served = Asking::start().await;
    let (status, body) = served.post("/ofrep/v1/evaluate/flags/loan-decisions", ASK).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        body,
        json!({
            "key": "loan-decisions", "value": false, "reason": "STATIC", "variant": "paused",
            "metadata": {
                "since": "2026-11-02T06:00:10Z", "by": "run 0a1b2c3d4e, step pause",
                "reason": "incident 0a1b2c3d4e of loan-auc", "on_unreachable": "paused",
            },
        })
    );
}

#[tokio::test]
async fn a_gate_that_was_never_set_is_open_and_needs_no_targeting_key() {
    let served = Asking::start().await;
    let (status, body) = served.post("/ofrep/v1/evaluate/flags/refunds", r#"{"context": {}}"#).await;
    assert_eq!((status, &body["value"], &body["variant"]), (StatusCode::OK, &json!(true), &json!("open")));
    assert_eq!(body["metadata"], json!({ "on_unreachable": "open" }));
}

#[tokio::test]
async fn a_gate_that_is_not_configured_is_not_found() {
    let served = Asking::start().await;
    for key in ["nonsense", "Not%20A%20Name"] {
        let (status, body) = served.post(&format!("/ofrep/v1/evaluate/flags/{key}"), ASK).await;
        assert_eq!((status, &body["errorCode"]), (StatusCode::NOT_FOUND, &json!("FLAG_NOT_FOUND")));
        assert_eq!(served.get(&format!("/v1/gates/{key}")).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(served.get("/elsewhere").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_malformed_question_is_refused_in_ofrep_s_words() {
    let served = Asking::start().await;
    let cases = [
        ("{", "PARSE_ERROR"),
        ("", "PARSE_ERROR"),
        ("[]", "INVALID_CONTEXT"),
        ("{}", "INVALID_CONTEXT"),
        (r#"{"context": 3}"#, "INVALID_CONTEXT"),
        (r#"{"context": {"targetingKey": 3}}"#, "INVALID_CONTEXT"),
    ];
    for (body, code) in cases {
        let (status, one) = served.post("/ofrep/v1/evaluate/flags/refunds", body).await;
        assert_eq!(
            (status, &one["errorCode"], &one["key"]),
            (StatusCode::BAD_REQUEST, &json!(code), &json!("refunds"))
        );
        let (status, all) = served.post("/ofrep/v1/evaluate/flags", body).await;
        assert_eq!((status, &all["errorCode"]), (StatusCode::BAD_REQUEST, &json!(code)));
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_read() {
    let served = Asking::start().await;
    let (status, body) = served.post("/ofrep/v1/evaluate/flags/refunds", vec![b' '; 256 * 1024 + 1]).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("PARSE_ERROR")));
}

#[tokio::test]
async fn all_gates_at_once_are_sent_again_only_when_they_changed() {
    let served = Asking::start().await;
    let (status, tag, text) = served.bulk("\"something-else\"").await;
    assert_eq!(status, StatusCode::OK);
    let body: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<_> = body["flags"].as_array().unwrap().iter().map(|flag| flag["key"].clone()).collect();
    assert_eq!(keys, ["loan-decisions", "refunds"]);
    for held in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), tag.trim_matches('"').to_owned()] {
        assert_eq!(served.bulk(&held).await, (StatusCode::NOT_MODIFIED, tag.clone(), String::new()));
    }
}

#[tokio::test]
async fn gates_are_told_over_plain_http_too() {
    let served = Asking::start().await;
    let (status, one) = served.get("/v1/gates/loan-decisions").await;
    let expected = json!({
        "name": "loan-decisions", "state": "paused", "since": "2026-11-02T06:00:10Z",
        "by": "run 0a1b2c3d4e, step pause", "reason": "incident 0a1b2c3d4e of loan-auc", "on_unreachable": "paused",
        "seen": "paused 1793599210000000",
    });
    assert_eq!((status, &one), (StatusCode::OK, &expected));
    let (_, all) = served.get("/v1/gates").await;
    let never_set = json!({
        "name": "refunds", "state": "open", "since": null, "by": null, "reason": null, "on_unreachable": "open",
        "seen": "open 0",
    });
    assert_eq!(all, json!([expected, never_set]));
    assert_eq!(
        served.get("/healthz").await,
        (StatusCode::OK, json!({ "status": "ok", "stalled": [], "troubles": [] }))
    );
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_said_and_its_cause_kept_back() {
    let served = Asking::start().await;
    served.served.store.close().await;
    let answers = [
        served.get("/v1/gates").await,
        served.get("/v1/gates/refunds").await,
        served.post("/ofrep/v1/evaluate/flags/refunds", ASK).await,
        served.post("/ofrep/v1/evaluate/flags", ASK).await,
    ];
    for (status, body) in answers {
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.to_string().contains("on_unreachable") && !body.to_string().contains("fire"), "{body}");
    }
}

#[tokio::test]
async fn health_is_the_engines_beat_and_names_the_parts_in_trouble() {
    let served = Asking::start().await;
    served.served.store.close().await;
    let (status, _) = served.get("/healthz").await;
    assert_eq!(status, StatusCode::OK, "a store that is away is no reason to restart");
    served.served.stalled.store(true, Ordering::SeqCst);
    let (status, body) = served.get("/healthz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let troubles = json!([{ "part": "outbox", "since": "2026-11-02T06:00:10Z" }]);
    assert_eq!(
        body,
        json!({ "status": "stalled", "stalled": ["steps"], "troubles": troubles }),
        "causes are kept back"
    );
}

#[tokio::test]
async fn a_gate_that_left_the_configuration_while_it_was_paused_stays_paused_for_those_that_ask() {
    let served = Asking::start().await;
    let gates = BTreeMap::from([(name("refunds"), gate(GateState::Open))]);
    served.served.house.replace(watchkeeper_model::Workspace { gates, ..served.served.workspace.clone() });
    let (status, answer) = served.post("/ofrep/v1/evaluate/flags/loan-decisions", ASK).await;
    assert_eq!((status, &answer["value"]), (StatusCode::OK, &json!(false)), "{answer}");
    let (_, all) = served.get("/v1/gates").await;
    assert_eq!(all[0]["name"], "loan-decisions");
    let (status, _) = served.post("/ofrep/v1/evaluate/flags/nowhere", ASK).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_can_be_written_and_the_server_stops_when_told() {
    let served = Asking::start().await;
    for path in ["/v1/gates", "/v1/gates/refunds", "/healthz"] {
        for method in [reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::PATCH, reqwest::Method::DELETE] {
            let answer =
                served.served.client.request(method, format!("{}{path}", served.served.url)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        }
    }
    served.served.stop.send(()).unwrap();
    served.served.server.await.unwrap().unwrap();
    assert!(served.served.client.get(format!("{}/healthz", served.served.url)).send().await.is_err());
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_misdirected() {
    let served = Asking::start().await;
    let ask =
        |host: &str| served.served.client.get(format!("{}/v1/gates", served.served.url)).header("Host", host).send();
    let (status, said) = read(ask("evil.example.com").await.unwrap()).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(
        said,
        json!({ "status": 421, "title": "this server goes by localhost, 127.0.0.1 and [::1] only", "detail": "set `url` in [web] to its name" })
    );
    assert_eq!(ask("localhost:7707").await.unwrap().status(), StatusCode::OK);
}
