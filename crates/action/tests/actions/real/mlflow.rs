//! MLflow's own tracking server.

use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, After};
use watchkeeper_model::{Action, Connection, MlflowAction, ModelVersion, Outcome};
use watchkeeper_testkit::real::Mlflow;

use super::{ROUNDS, assert_done};
use crate::{Bench, assert_end, call, seconds};

async fn ask(server: &Mlflow, method: reqwest::Method, path: &str, body: Value) -> Value {
    drop(rustls::crypto::ring::default_provider().install_default());
    let url = format!("{}/api/2.0/mlflow/{path}", server.url());
    let answer = reqwest::Client::new().request(method, url).json(&body).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

async fn set(server: &Mlflow, alias: &str, version: &str) {
    let body = json!({ "name": "loan", "alias": alias, "version": version });
    ask(server, reqwest::Method::POST, "registered-models/alias", body).await;
}

async fn champion(server: &Mlflow) -> String {
    let model = ask(server, reqwest::Method::GET, "registered-models/get?name=loan", json!({})).await;
    let aliases = model["registered_model"]["aliases"].as_array().unwrap();
    let found = aliases.iter().find(|alias| alias["alias"] == "champion").unwrap();
    found["version"].as_str().unwrap().to_owned()
}

fn to(server: &Mlflow, to: ModelVersion) -> MlflowAction {
    let peer = Connection { url: server.url(), user: None, token: None, ca: None };
    MlflowAction { peer, model: "loan".to_owned(), alias: "champion".to_owned(), to, only_if: None }
}

#[tokio::test]
async fn the_last_good_version_is_put_back_and_taken_back() {
    let server = Mlflow::start();
    ask(&server, reqwest::Method::POST, "registered-models/create", json!({ "name": "loan" })).await;
    for _ in 1..=9 {
        let version = json!({ "name": "loan", "source": "s3://models/loan" });
        ask(&server, reqwest::Method::POST, "model-versions/create", version).await;
    }
    set(&server, "champion", "9").await;
    set(&server, "rollback", "7").await;
    let bench = Bench::new();
    let rollback = Action::Mlflow(to(&server, ModelVersion::Alias("rollback".to_owned())));
    assert_eq!(bench.live(&rollback).await.unwrap(), "loan@champion is at version 9, and version 7 is there");
    for round in 0..ROUNDS {
        let (done, end) = bench.act(&rollback, 2 * round + 1).await;
        assert_end(&end, Outcome::Done, "went from version 9 to version 7");
        assert_eq!((end.reference.as_deref(), champion(&server).await.as_str()), (Some("7"), "7"));
        assert_eq!(bench.after(&done).await, After::AsWanted("loan@champion is at version 7".to_owned()));
        // Sent again after a crash, it finds its work done.
        assert_done(&bench.perform_call(&done).await);
        assert_done(&bench.undo(&done, 2 * round + 2).await);
        assert_eq!(champion(&server).await, "9");
    }
    refuses(&bench, &server, &rollback).await;
}

/// What is there is never guessed, and what somebody has moved is left alone.
async fn refuses(bench: &Bench, server: &Mlflow, rollback: &Action) {
    let (done, _) = bench.act(rollback, 90).await;
    set(server, "champion", "8").await;
    let undo = done.action.undone(done.before.as_ref().unwrap()).unwrap();
    let why = bench.before(&undo).await.unwrap_err();
    assert_eq!(why, "loan@champion was moved meanwhile: it is at version 8");
    // It moves between the intent and the act.
    let raced =
        ActionCall { before: Some(json!({ "version": "9", "to": "7" })), ..call(rollback.clone(), seconds(10)) };
    assert_end(&bench.perform_call(&raced).await, Outcome::Failed, "was moved meanwhile: it is at version 8");
    assert_eq!(champion(server).await, "8");
    let missing = Action::Mlflow(to(server, ModelVersion::Number("77".to_owned())));
    let why = bench.before(&missing).await.unwrap_err();
    assert!(why.contains("404 Not Found") && why.contains("77"), "{why}");
    let unknown = Action::Mlflow(to(server, ModelVersion::Alias("best".to_owned())));
    let why = bench.before(&unknown).await.unwrap_err();
    assert!(why.contains("400 Bad Request") && why.contains("best"), "{why}");
    let already = Action::Mlflow(to(server, ModelVersion::Number("8".to_owned())));
    let why = bench.before(&already).await.unwrap_err();
    assert_eq!(why, "loan@champion is at version 8 already: there is nothing to change");
}
