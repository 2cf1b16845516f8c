//! Gates asked over a real socket.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use watchkeeper_engine::{Trouble, ports::store::StoreError};
use watchkeeper_model::{Gate, GateState, Name};
use watchkeeper_server::{CONNECTIONS_MAX, Gates, Pulse, router, serve};
use watchkeeper_store::GateRecord;
use watchkeeper_testkit::{Exchange, Vendor, Witness};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn gate(on_unreachable: GateState) -> Gate {
    Gate { description: "Whether loans are decided".to_owned(), on_unreachable }
}

fn paused() -> GateRecord {
    GateRecord {
        name: name("loan-decisions"),
        state: GateState::Paused,
        since: Some("2026-11-02T06:00:10Z".parse().unwrap()),
        by: Some("run 0a1b2c3d4e, step pause".to_owned()),
        reason: Some("incident 0a1b2c3d4e of loan-auc".to_owned()),
    }
}

fn trouble() -> Trouble {
    let (part, message) = ("outbox".to_owned(), "disk is on fire".to_owned());
    Trouble { part, since: "2026-11-02T06:00:10Z".parse().unwrap(), failures: 2, message }
}

/// A served router over one paused gate, one gate that was never set, and a switch that breaks the store.
struct Served {
    url: String,
    gates: Gates,
    broken: Arc<AtomicBool>,
    /// Stops the engine's beat.
    stalled: Arc<AtomicBool>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
    client: Client,
    /// Compares OFREP's answers with its document, at the end of the test.
    witness: Witness,
}

impl Served {
    async fn start() -> Self {
        let broken = Arc::new(AtomicBool::new(false));
        let known = [("loan-decisions", GateState::Paused), ("refunds", GateState::Open)];
        let known: BTreeMap<Name, Gate> = known.into_iter().map(|(key, state)| (name(key), gate(state))).collect();
        let is_broken = broken.clone();
        let gates = Gates::new(known, move || {
            let broken = is_broken.load(Ordering::SeqCst);
            Box::pin(async move {
                if broken {
                    return Err(StoreError::Failed { doing: "read the gates", source: "disk is on fire".into() });
                }
                Ok(vec![paused()])
            })
        });
        let stalled = Arc::new(AtomicBool::new(false));
        let is_stalled = stalled.clone();
        let pulse = move || Pulse {
            stalled: is_stalled.load(Ordering::SeqCst).then_some("steps").into_iter().collect(),
            troubles: is_stalled.load(Ordering::SeqCst).then(trouble).into_iter().collect(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, router(gates.clone(), pulse), CONNECTIONS_MAX, async {
            stopped.await.unwrap()
        }));
        // Fails only when another test of this binary installed it first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { url, gates, broken, stalled, stop, server, client, witness: Witness::of(Vendor::Ofrep) }
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.client.get(format!("{}{path}", self.url)).send().await.unwrap()).await
    }

    async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
        let request = self.client.post(format!("{}{path}", self.url)).body(body);
        let (status, _, text) = self.evaluate(path, request).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    /// Asks for all gates; the status, the answer's ETag and its text.
    async fn bulk(&self, held: &str) -> (StatusCode, String, String) {
        let path = "/ofrep/v1/evaluate/flags";
        let request = self.client.post(format!("{}{path}", self.url)).header("If-None-Match", held);
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

async fn read(response: Response) -> (StatusCode, Value) {
    (response.status(), response.json().await.unwrap())
}

const ASK: &str = r#"{"context": {"targetingKey": "decision-service"}}"#;

#[tokio::test]
async fn a_paused_gate_is_a_false_flag_with_its_reason() {
    let served = Served::start().await;
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
    let served = Served::start().await;
    let (status, body) = served.post("/ofrep/v1/evaluate/flags/refunds", r#"{"context": {}}"#).await;
    assert_eq!((status, &body["value"], &body["variant"]), (StatusCode::OK, &json!(true), &json!("open")));
    assert_eq!(body["metadata"], json!({ "on_unreachable": "open" }));
}

#[tokio::test]
async fn a_gate_that_is_not_configured_is_not_found() {
    let served = Served::start().await;
    for key in ["nonsense", "Not%20A%20Name"] {
        let (status, body) = served.post(&format!("/ofrep/v1/evaluate/flags/{key}"), ASK).await;
        assert_eq!((status, &body["errorCode"]), (StatusCode::NOT_FOUND, &json!("FLAG_NOT_FOUND")));
        assert_eq!(served.get(&format!("/v1/gates/{key}")).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(served.get("/elsewhere").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_malformed_question_is_refused_in_ofrep_s_words() {
    let served = Served::start().await;
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
    let served = Served::start().await;
    let (status, body) = served.post("/ofrep/v1/evaluate/flags/refunds", vec![b' '; 256 * 1024 + 1]).await;
    assert_eq!((status, &body["errorCode"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("PARSE_ERROR")));
}

#[tokio::test]
async fn all_gates_at_once_are_sent_again_only_when_they_changed() {
    let served = Served::start().await;
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
    let served = Served::start().await;
    let (status, one) = served.get("/v1/gates/loan-decisions").await;
    let expected = json!({
        "name": "loan-decisions", "state": "paused", "since": "2026-11-02T06:00:10Z",
        "by": "run 0a1b2c3d4e, step pause", "reason": "incident 0a1b2c3d4e of loan-auc", "on_unreachable": "paused",
    });
    assert_eq!((status, &one), (StatusCode::OK, &expected));
    let (_, all) = served.get("/v1/gates").await;
    let never_set = json!({
        "name": "refunds", "state": "open", "since": null, "by": null, "reason": null, "on_unreachable": "open",
    });
    assert_eq!(all, json!([expected, never_set]));
    assert_eq!(
        served.get("/healthz").await,
        (StatusCode::OK, json!({ "status": "ok", "stalled": [], "troubles": [] }))
    );
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_said_and_its_cause_kept_back() {
    let served = Served::start().await;
    served.broken.store(true, Ordering::SeqCst);
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
    let served = Served::start().await;
    served.broken.store(true, Ordering::SeqCst);
    let (status, _) = served.get("/healthz").await;
    assert_eq!(status, StatusCode::OK, "a store that is away is no reason to restart");
    served.stalled.store(true, Ordering::SeqCst);
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
    let served = Served::start().await;
    served.gates.replace(BTreeMap::from([(name("refunds"), gate(GateState::Open))]));
    let (status, answer) = served.post("/ofrep/v1/evaluate/flags/loan-decisions", ASK).await;
    assert_eq!((status, &answer["value"]), (StatusCode::OK, &json!(false)), "{answer}");
    let (_, all) = served.get("/v1/gates").await;
    assert_eq!(all[0]["name"], "loan-decisions");
    let (status, _) = served.post("/ofrep/v1/evaluate/flags/nowhere", ASK).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_can_be_written_and_the_server_stops_when_told() {
    let served = Served::start().await;
    for path in ["/v1/gates", "/v1/gates/refunds", "/healthz"] {
        for method in [reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::PATCH, reqwest::Method::DELETE] {
            let answer = served.client.request(method, format!("{}{path}", served.url)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        }
    }
    served.stop.send(()).unwrap();
    served.server.await.unwrap().unwrap();
    assert!(served.client.get(format!("{}/healthz", served.url)).send().await.is_err());
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_misdirected() {
    let served = Served::start().await;
    let ask = |host: &str| served.client.get(format!("{}/v1/gates", served.url)).header("Host", host).send();
    let (status, said) = read(ask("evil.example.com").await.unwrap()).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(said, json!({ "error": "this server goes by localhost, 127.0.0.1 and [::1] only" }));
    assert_eq!(ask("localhost:7707").await.unwrap().status(), StatusCode::OK);
}
