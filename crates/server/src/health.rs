//! Health: whether the daemon can answer what clients ask it.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{Gates, answer};

/// 200 when the store can be read, 503 when not.
pub(crate) async fn healthz(State(gates): State<Gates>) -> Response {
    match gates.all().await {
        Ok(_) => Json(json!({ "status": "ok" })).into_response(),
        Err(_) => answer::failure(StatusCode::SERVICE_UNAVAILABLE, answer::STORE_UNREADABLE),
    }
}
