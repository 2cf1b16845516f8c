//! Gates over plain HTTP, for clients without an OpenFeature SDK.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{House, answer};

/// `GET /v1/gates`: a list of gates.
pub(crate) async fn all(State(house): State<House>) -> Response {
    match house.gates().all().await {
        Ok(gates) => {
            house.gates().note_asked(gates.iter().map(|gate| &gate.name), house.now());
            Json(gates).into_response()
        }
        Err(_) => answer::failure(StatusCode::SERVICE_UNAVAILABLE, answer::STORE_UNREADABLE),
    }
}

/// `GET /v1/gates/{name}`: one gate.
pub(crate) async fn one(State(house): State<House>, Path(name): Path<String>) -> Response {
    match house.gates().one(&name).await {
        Ok(Some(gate)) => {
            house.gates().note_asked(std::iter::once(&gate.name), house.now());
            Json(gate).into_response()
        }
        Ok(None) => answer::failure(StatusCode::NOT_FOUND, &format!("there is no gate `{name}` in this workspace")),
        Err(_) => answer::failure(StatusCode::SERVICE_UNAVAILABLE, answer::STORE_UNREADABLE),
    }
}
