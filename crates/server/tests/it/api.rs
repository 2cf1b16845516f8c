//! The API: its document is kept by what it answers, and bad input gets one clear problem.

use reqwest::StatusCode;
use serde_json::{Value, json};
use watchkeeper_model::GateState;

use crate::house::{NOW, Served, name, time};

#[tokio::test]
async fn bad_input_gets_a_problem_that_names_the_field() {
    let served = Served::start().await;
    let cases = [
        ("/silences", json!({ "for": "2h", "reason": "x", "by": "me" }), 422, "match", "`match` cannot be ``"),
        (
            "/silences",
            json!({ "match": ["nonsense"], "for": "2h", "reason": "x", "by": "me" }),
            422,
            "match",
            "`nonsense` is not a matcher: write name=value, as in monitor=loan-* or labels.env=prod",
        ),
        (
            "/silences",
            json!({ "match": ["monitor=a"], "for": "soon", "reason": "x", "by": "me" }),
            422,
            "for",
            "`for` cannot be `soon`",
        ),
        ("/holds", json!({ "for": "2h" }), 422, "by", "say who you are, for the record"),
        ("/holds", json!({ "by": "me", "monitr": "x" }), 422, "monitr", "there is no field `monitr`"),
        (
            "/holds",
            json!({ "by": "me", "reason": { "a": 1 } }),
            422,
            "reason",
            "`reason` must be a text, a number, true or false",
        ),
        (
            "/runs/0a1b2c3d4e/steps/pause/settle",
            json!({ "by": "me", "outcome": "maybe" }),
            422,
            "outcome",
            "`outcome` cannot be `maybe`",
        ),
    ];
    for (path, body, code, field, title) in cases {
        let (status, problem) = served.act(path, body).await;
        assert_eq!(
            (status.as_u16(), &problem["field"], &problem["title"]),
            (code, &json!(field), &json!(title)),
            "{problem}"
        );
        assert_eq!(problem["status"], code);
    }
    let (status, problem) = served.act("/gates/loan-decision/open", json!({ "by": "me" })).await;
    assert_eq!((status, &problem["nearest"]), (StatusCode::NOT_FOUND, &json!(["loan-decisions"])));
    let (status, problem) = served.act("/incidents/ffffffffff/ack", json!({ "by": "me" })).await;
    assert_eq!((status, &problem["title"]), (StatusCode::NOT_FOUND, &json!("there is no incident ffffffffff")));
    let (status, problem) = served.get("/v1/incidents?stat=open").await;
    assert_eq!((status, &problem["title"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("there is no field `stat`")));
    let (status, problem) = served.get("/v1/incidents?limit=1000").await;
    assert_eq!(
        (status, &problem["detail"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("expected a number from 1 to 200"))
    );
    assert_eq!(served.store.ledger_length().await.unwrap(), 1, "nothing was half done");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_cut_off() {
    let served = Served::start().await;
    let request = served.client.post(format!("{}/v1/holds", served.url)).header("Content-Type", "application/json");
    let answer = request.body(vec![b' '; 256 * 1024 + 1]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let request = served.client.post(format!("{}/v1/holds", served.url)).header("Content-Type", "application/json");
    let (status, problem) = crate::house::read(request.body("{\"by\":").send().await.unwrap()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["title"].as_str().unwrap().starts_with("the body is no JSON: "), "{problem}");
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    let served = Served::start().await;
    let first = served.client.get(format!("{}/v1/holds", served.url)).send().await.unwrap();
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again = async |tag: &str| {
        let request = served.client.get(format!("{}/v1/holds", served.url)).header("If-None-Match", tag);
        request.send().await.unwrap().status()
    };
    assert_eq!(again(&tag).await, StatusCode::NOT_MODIFIED);
    served.act("/holds", json!({ "by": "me" })).await;
    assert_eq!(again(&tag).await, StatusCode::OK);
}

#[tokio::test]
async fn a_long_list_goes_on_where_its_link_says() {
    let served = Served::start().await;
    for index in 0..120 {
        let state = if index % 2 == 0 { GateState::Open } else { GateState::Paused };
        served.store.set_gate(&name("refunds"), state, "on-call", "a test", time(NOW)).await.unwrap();
    }
    let mut next = Some("/v1/ledger?limit=50&subject=refunds".to_owned());
    let mut numbers: Vec<u64> = Vec::new();
    while let Some(path) = next {
        let answer = served.client.get(format!("{}{path}", served.url)).send().await.unwrap();
        let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        next = link.map(|link| link.split('>').next().unwrap().trim_start_matches('<').to_owned());
        let rows: Vec<Value> = answer.json().await.unwrap();
        numbers.extend(rows.iter().map(|row| row["seq"].as_u64().unwrap()));
    }
    assert_eq!(numbers, (2..=121).rev().collect::<Vec<u64>>());
    let (_, all) = served.text("/v1/ledger?download=true").await;
    assert_eq!(all.lines().count(), 121);
}

#[tokio::test]
async fn whoever_listens_is_told_of_every_row_and_of_nothing_else() {
    let served = Served::start().await;
    let mut listening =
        served.client.get(format!("{}/v1/events", served.url)).header("Last-Event-ID", "0").send().await.unwrap();
    assert_eq!(listening.headers()["x-accel-buffering"], "no");
    let mut said = String::new();
    let mut until = async |word: &str| {
        while !said.contains(word) {
            said += &String::from_utf8_lossy(&listening.chunk().await.unwrap().unwrap());
        }
        said.clone()
    };
    assert!(until("loan-decisions").await.contains("id: 1\n"), "what was missed comes first");
    served.act("/holds", json!({ "by": "me", "reason": "a secret reason" })).await;
    let told = until("hold.set").await;
    let newest = told.trim_end().lines().last().unwrap().strip_prefix("data: ").unwrap();
    let newest: Value = serde_json::from_str(newest).unwrap();
    assert_eq!(newest, json!({ "seq": 2, "kind": "hold.set", "subject": "*" }));
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test]
async fn a_stream_that_begins_after_a_row_misses_none() {
    let served = Served::start().await;
    let refunds = name("refunds");
    for _ in 0..225 {
        served.store.set_gate(&refunds, GateState::Paused, "me", "", time(NOW)).await.unwrap();
        served.store.set_gate(&refunds, GateState::Open, "me", "", time(NOW)).await.unwrap();
    }
    let mut listening = served.client.get(format!("{}/v1/events?after=1", served.url)).send().await.unwrap();
    let mut said = String::new();
    while !said.contains("id: 451\n") {
        said += &String::from_utf8_lossy(&listening.chunk().await.unwrap().unwrap());
    }
    let ids: Vec<u64> = said.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    assert_eq!(ids, (2..=451).collect::<Vec<u64>>());
    let (status, problem) = served.get("/v1/events?after=yesterday").await;
    assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("after")));
}

#[tokio::test]
async fn the_document_names_every_schema_that_it_refers_to() {
    let served = Served::start().await;
    let (_, document) = served.get("/v1/openapi.json").await;
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    let ids = text.matches("\"operationId\":").count();
    let mut all: Vec<&str> =
        text.split("\"operationId\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), ids, "an operation has an id of its own");
}

#[tokio::test]
async fn the_watch_is_taken_and_handed_on() {
    let served = Served::start().await;
    let (_, first) = served.act("/handover/take", json!({ "by": "the night" })).await;
    assert_eq!(first["result"], json!({ "relieved": null, "open": 0 }));
    let (_, second) = served.act("/handover/take", json!({ "by": "the day" })).await;
    assert_eq!(second["said"], "the day (unproved) has the watch, relieving the night (unproved), with 0 open");
    let (_, report) = served.get("/v1/handover?window=7d").await;
    assert_eq!(report["left"][0]["what"], "gate loan-decisions");
    let (_, markdown) = served.text("/v1/handover.md?window=1d").await;
    assert!(markdown.contains("## Left behind") && markdown.contains("gate loan-decisions: paused"), "{markdown}");
}
