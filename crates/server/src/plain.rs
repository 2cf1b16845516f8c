//! Gates over plain HTTP, for clients without an OpenFeature SDK.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{Gates, answer};

/// `GET /v1/gates`: a list of gates.
pub(crate) async fn all(State(gates): State<Gates>) -> Response {
    match gates.all().await {
        Ok(gates) => Json(gates).into_response(),
        Err(_) => answer::failure(StatusCode::SERVICE_UNAVAILABLE, answer::STORE_UNREADABLE),
    }
}

/// `GET /v1/gates/{name}`: one gate.
pub(crate) async fn one(State(gates): State<Gates>, Path(name): Path<String>) -> Response {
    match gates.one(&name).await {
        Ok(Some(gate)) => Json(gate).into_response(),
        Ok(None) => answer::failure(StatusCode::NOT_FOUND, &format!("there is no gate `{name}` in this workspace")),
        Err(_) => answer::failure(StatusCode::SERVICE_UNAVAILABLE, answer::STORE_UNREADABLE),
    }
}
