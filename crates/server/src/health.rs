//! Health: whether the engine turns, and which parts are in trouble. A store that is away is told and is no reason to
//! restart. Causes go to the log and to `watchkeeper status`, not to the visitor.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use watchkeeper_engine::Trouble;

/// How the engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// The loops that have not turned for half a minute.
    pub stalled: Vec<&'static str>,
    /// What is the matter, by part.
    pub troubles: Vec<Trouble>,
}

/// 200 while every loop turns, 503 when one has stalled; the body names the parts.
pub(crate) fn healthz(Pulse { stalled, troubles }: Pulse) -> Response {
    let (status, word) = match (stalled.is_empty(), troubles.is_empty()) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "stalled"),
        (true, false) => (StatusCode::OK, "troubled"),
        (true, true) => (StatusCode::OK, "ok"),
    };
    let troubles: Vec<_> = troubles.iter().map(|found| json!({ "part": found.part, "since": found.since })).collect();
    (status, Json(json!({ "status": word, "stalled": stalled, "troubles": troubles }))).into_response()
}
