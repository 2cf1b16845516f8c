//! Health: whether the engine turns, which parts are in trouble, and whether all of it can be relied on. A store that is
//! away is told and is no reason to restart. Causes go to the log and to `/system`, not to the visitor.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use watchkeeper_engine::Trouble;

use crate::House;

/// How the engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// The loops that have not turned for half a minute.
    pub stalled: Vec<&'static str>,
    /// What is the matter, by part.
    pub troubles: Vec<Trouble>,
}

/// 200 while every loop turns, 503 when one has stalled; the body names the parts.
pub(crate) async fn healthz(State(house): State<House>) -> Response {
    let Pulse { stalled, troubles } = house.pulse();
    let (status, word) = match (stalled.is_empty(), troubles.is_empty()) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "stalled"),
        (true, false) => (StatusCode::OK, "troubled"),
        (true, true) => (StatusCode::OK, "ok"),
    };
    let troubles: Vec<_> = troubles.iter().map(|found| json!({ "part": found.part, "since": found.since })).collect();
    (status, Json(json!({ "status": word, "stalled": stalled, "troubles": troubles }))).into_response()
}

/// 200 when the store is read and written and every loop turns; 503 with the reasons otherwise.
pub(crate) async fn readyz(State(house): State<House>) -> Response {
    let reasons = reasons(&house).await;
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": reasons.is_empty(), "reasons": reasons }))).into_response()
}

/// Why it cannot be relied on now.
pub(crate) async fn reasons(house: &House) -> Vec<String> {
    let mut reasons: Vec<String> =
        house.pulse().stalled.iter().map(|part| format!("the {part} loop does not turn")).collect();
    match house.store().ledger_length().await {
        Err(_) => reasons.push("the store cannot be read".to_owned()),
        Ok(_) if house.store().is_writable().await.is_err() => reasons.push("the store cannot be written".to_owned()),
        Ok(_) => {}
    }
    reasons
}
