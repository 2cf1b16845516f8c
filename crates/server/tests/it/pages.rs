//! Pages: what they say, that nothing on them is markup of somebody else's, and acting on what was seen.

use std::net::SocketAddr;

use axum::{extract::ConnectInfo, http};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use reqwest::StatusCode;
use serde_json::{Value, json};
use watchkeeper_model::GateState;

use crate::house::{FORM, NOW, Served, form, name, time};

const PAGES: [&str; 10] = [
    "/",
    "/monitors",
    "/monitors/loan-auc",
    "/incidents",
    "/approvals",
    "/gates",
    "/ledger",
    "/handover",
    "/system",
    "/confirm/open/loan-decisions",
];

#[tokio::test]
async fn every_page_is_one_document_with_one_headline() {
    let served = Served::start().await;
    for page in PAGES {
        let (status, text) = served.text(page).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert_eq!(text.matches("<h1>").count(), 1, "{page}");
        assert!(!text.contains("style=") && !text.contains("<style") && !text.contains("onclick"), "{page}");
        assert!(text.len() < 25 * 1024, "{page} has {} bytes", text.len());
    }
    let (status, text) = served.text("/monitors/loan-auk").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text.contains("<b>loan-auc</b> meant?"), "{text}");
}

#[tokio::test]
async fn a_headline_says_what_is() {
    let served = Served::start().await;
    let (_, watch) = served.text("/").await;
    assert!(watch.contains("<h1>No incident is open. Paused: Whether loans are decided.</h1>"), "{watch}");
    let (_, gates) = served.text("/gates").await;
    assert!(gates.contains("<h1>1 of 2 gates is paused.</h1>"), "{gates}");
    served.stalled.store(true, std::sync::atomic::Ordering::SeqCst);
    let (_, late) = served.text("/").await;
    assert!(late.contains("Watchkeeper does not turn: steps"), "{late}");
}

#[tokio::test]
async fn a_store_that_is_away_is_said_on_the_page() {
    let served = Served::start().await;
    served.store.close().await;
    let (status, text) = served.text("/").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.contains("The store cannot be read; gates answer as configured."), "{text}");
    assert_eq!(served.text("/healthz").await.0, StatusCode::OK);
    let (status, ready) = served.get("/readyz").await;
    assert_eq!(
        (status, ready),
        (StatusCode::SERVICE_UNAVAILABLE, json!({ "ready": false, "reasons": ["the store cannot be read"] }))
    );
    let (status, metrics) = served.text("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(metrics.contains("watchkeeper_store_up 0\n"), "{metrics}");
}

/// Texts that would be something else if they were not escaped.
const HOSTILE: [&str; 20] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</title><b>",
    "</textarea><script>",
    "javascript:alert(1)",
    "\u{202e}evil",
    "&lt;already&gt;",
    "%3Cscript%3E",
    "{{7*7}}",
    "${7*7}",
    "<!--",
    "]]>",
    "\\\"</a>",
    "<a href=\"//evil\">x</a>",
    "<iframe src=//evil>",
    "\u{0}nul",
    "line\nbreak",
    "\u{1b}[31mred",
    "𝕏<𝕏>",
];

/// What stands around them: an attribute, an element, a comment or a script that they might break out of.
const AROUND: [(&str, &str); 10] = [
    ("", ""),
    ("\"", "\""),
    ("' ", " '"),
    (">", "<"),
    ("-->", "<!--"),
    ("</pre>", "<pre>"),
    ("</option></select>", ""),
    ("&#34;", "&#62;"),
    ("\\u003c", "\\u003e"),
    ("\u{feff}", "\u{2028}"),
];

/// What is left of a page when everything of ours is taken away.
fn foreign(text: &str) -> bool {
    [
        "<script>alert",
        "<img src=x",
        "<svg/onload",
        "<iframe",
        "</title><b>",
        "<a href=\"//evil\"",
        "</textarea><script>",
    ]
    .iter()
    .any(|markup| text.contains(markup))
}

#[tokio::test]
async fn nothing_that_somebody_wrote_becomes_markup() {
    let served = Served::start().await;
    let all = HOSTILE
        .iter()
        .flat_map(|hostile| AROUND.iter().map(move |(before, after)| format!("{before}{hostile}{after}")));
    let all: Vec<String> = all.collect();
    assert_eq!(all.len(), 200);
    for (index, hostile) in all.iter().enumerate() {
        let text = hostile.replace('\u{0}', "");
        let (by, at) = (format!("by {text}"), time(NOW));
        let state = if index % 2 == 0 { GateState::Open } else { GateState::Paused };
        served.store.set_gate(&name("refunds"), state, &by, &text, at).await.unwrap();
        let (status, done) = served
            .act(
                "/silences",
                json!({ "match": [format!("monitor=a{index}")], "for": "1h", "reason": text, "by": text }),
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{done}");
        let (status, _) = served.act("/holds", json!({ "reason": text, "by": text })).await;
        assert_eq!(status, StatusCode::OK);
        let query = percent(hostile);
        let asked = [
            format!("/incidents?text={query}"),
            format!("/ledger?subject={query}"),
            format!("/ledger?kind={query}"),
            format!("/monitors?text={query}"),
            format!("/incidents/{query}"),
            format!("/monitors/{query}"),
            format!("/handover?team={query}"),
            format!("/confirm/open/{query}"),
            format!("/incidents?before={query}"),
            format!("/runs/{query}/steps/{query}"),
        ];
        for page in asked.iter().map(String::as_str).chain(PAGES) {
            let (status, text) = served.text(page).await;
            assert!(!foreign(&text), "{page}: {text}");
            assert!(!status.is_server_error(), "{page}: {status}");
        }
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn what_moved_since_it_was_seen_is_not_acted_on() {
    let served = Served::start().await;
    let (_, page) = served.text("/confirm/open/loan-decisions").await;
    let seen = page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    served.store.set_gate(&name("loan-decisions"), GateState::Open, "ml-lead", "false alarm", time(NOW)).await.unwrap();
    let ask = json!({ "by": "on-call", "reason": "all is well", "seen": seen });
    let (status, problem) = served.act("/gates/loan-decisions/open", ask.clone()).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem["title"], "it changed while you looked");
    assert_eq!(problem["detail"], "You saw: paused. Now: gate loan-decisions is open now, set by ml-lead.");
    assert_eq!(served.get("/v1/gates/loan-decisions").await.1["by"], "ml-lead");
}

#[tokio::test]
async fn the_same_press_twice_is_one_act() {
    let served = Served::start().await;
    let press = async |reason: &str| {
        let request = served.client.post(format!("{}/v1/silences", served.url)).header("Idempotency-Key", "a-key");
        let ask = json!({ "match": ["monitor=loan-auc"], "for": "2h", "reason": reason, "by": "on-call" });
        crate::house::read(request.json(&ask).send().await.unwrap()).await
    };
    let (first, second) = tokio::join!(press("labels are late"), press("labels are late"));
    assert_eq!((first.0, second.0), (StatusCode::OK, StatusCode::OK));
    assert_eq!(first.1, second.1);
    assert_eq!(served.get("/v1/silences").await.1.as_array().map(Vec::len), Some(1));
    let (status, problem) = press("another reason").await;
    assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("Idempotency-Key")));
}

#[tokio::test]
async fn an_act_outlasts_the_visitor_who_asked_for_it() {
    let served = Served::start().await;
    let press = || {
        let request = served.client.post(format!("{}/v1/monitors/loan-auc/check", served.url));
        request.header("Idempotency-Key", "a-key").json(&json!({ "by": "on-call" }))
    };
    let router = TowerToHyperService::new(watchkeeper_server::router(&served.house));
    let mut request = http::Request::try_from(press().build().unwrap()).unwrap();
    request.headers_mut().insert("host", "127.0.0.1".parse().unwrap());
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
    let held = served.hands.lock.lock().await;
    let is_waiting = tokio::select! {
        _ = router.call(request) => false,
        () = served.hands.begun.notified() => true,
    };
    assert!(is_waiting, "the check waits for the lock");
    drop(held);
    let (status, done) = crate::house::read(press().send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    assert_eq!(done["result"]["checks"], json!(1), "what the first visitor asked for went on");
}

#[tokio::test]
async fn what_was_done_is_said_once_and_by_no_address() {
    let served = Served::start().await;
    let page = served.client.get(format!("{}/monitors/loan-auc?done=Hello", served.url)).send().await.unwrap();
    let known = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let text = page.text().await.unwrap();
    assert!(!text.contains("Hello"), "{text}");
    let key = text.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let request = served.client.post(format!("{}/monitors/loan-auc/check", served.url)).header("Cookie", &known);
    let fields = form(&[("form", key), ("by", "on-call".to_owned())]);
    let request = request.header("Sec-Fetch-Site", "same-origin").header(FORM.0, FORM.1);
    let done = request.body(fields).send().await.unwrap();
    assert_eq!(
        (done.status(), &done.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/monitors/loan-auc".parse().unwrap())
    );
    let set = done.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let note = set.filter(|line| line.starts_with("watchkeeper-note=")).collect::<Vec<_>>();
    assert!(note.len() == 1 && note[0].contains("HttpOnly") && note[0].contains("Max-Age=60"), "{note:?}");
    let cookies = format!("{known}; {}", note[0].split(';').next().unwrap());
    let shown = served.client.get(format!("{}/monitors/loan-auc", served.url)).header("Cookie", cookies);
    let shown = shown.send().await.unwrap();
    assert!(shown.headers()["set-cookie"].to_str().unwrap().contains("watchkeeper-note=; "), "{:?}", shown.headers());
    assert!(shown.text().await.unwrap().contains("checked now, and acted on nothing: ok"));
}

#[tokio::test]
async fn who_has_not_said_who_they_are_is_asked_once() {
    let served = Served::start().await;
    let page = served.client.get(format!("{}/gates", served.url)).send().await.unwrap();
    let mut cookies = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let key = page
        .text()
        .await
        .unwrap()
        .split("name=\"form\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let press = |fields: Vec<(&'static str, String)>, cookies: String| {
        let request = served.client.post(format!("{}/holds", served.url)).header("Sec-Fetch-Site", "same-origin");
        request.header("Cookie", cookies).header(FORM.0, FORM.1).body(form(&fields)).send()
    };
    let fields = vec![("form", key), ("reason", "a drill".to_owned())];
    let asked = press(fields.clone(), cookies.clone()).await.unwrap();
    assert_eq!(asked.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let text = asked.text().await.unwrap();
    assert!(text.contains("<h1>Who are you?</h1>") && text.contains("value=\"a drill\""), "{text}");
    let named = [fields.clone(), vec![("by", "on-call".to_owned())]].concat();
    let done = press(named, cookies.clone()).await.unwrap();
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    cookies += &format!("; {}", done.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap());
    let again = served.client.get(format!("{}/gates", served.url)).header("Cookie", cookies).send().await.unwrap();
    let text = again.text().await.unwrap();
    assert!(text.contains("on-call (unproved)") && text.contains("name=\"by\" value=\"on-call\""), "{text}");
    let holds: Value = served.get("/v1/holds").await.1;
    assert_eq!(holds[0]["by"], "on-call (unproved)");
}
