//! Gates over OpenFeature's Remote Evaluation Protocol: a gate is a boolean flag, true while decisions may be made.

mod body;
mod etag;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_TYPE, ETAG},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use watchkeeper_model::GateState;

pub(crate) use etag::{holds, of as tag_of};

use crate::{House, gates::GateView};

/// What an answer from memory is.
const JSON: &str = "application/json";
/// What is said when the store cannot be read; the cause goes to the log, not to the visitor.
const UNREADABLE: &str = "the state of the gates cannot be read: act as the gate's `on_unreachable` says";

/// `POST /ofrep/v1/evaluate/flags/{key}`.
pub(crate) async fn one(
    State(house): State<House>,
    Path(key): Path<String>,
    sent: Result<Bytes, BytesRejection>,
) -> Response {
    if let Err(refusal) = body::check(sent) {
        return refusal.answer(Some(&key));
    }
    match house.gate_evaluated(&key).await {
        Ok(Some(answer)) => ([(CONTENT_TYPE, JSON)], answer).into_response(),
        Ok(None) => (
            StatusCode::NOT_FOUND,
            Json(json!({
                "key": key,
                "errorCode": "FLAG_NOT_FOUND",
                "errorDetails": format!("there is no gate `{key}` in this workspace"),
            })),
        )
            .into_response(),
        Err(_) => unreadable(Some(&key)),
    }
}

/// `POST /ofrep/v1/evaluate/flags`: every gate, with an ETag over the answer.
pub(crate) async fn all(
    State(house): State<House>,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Response {
    if let Err(refusal) = body::check(sent) {
        return refusal.answer(None);
    }
    let Ok(gates) = house.gates_asked_for().await else { return unreadable(None) };
    let (answer, tag) = gates.all.clone();
    if etag::is_held(&headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    ([(ETAG, tag), (CONTENT_TYPE, JSON.to_owned())], answer).into_response()
}

/// The same answer for every context, hence `STATIC`.
pub(crate) fn evaluation(gate: &GateView) -> Value {
    let mut metadata = Map::new();
    if let Some(since) = gate.since {
        metadata.insert("since".to_owned(), json!(since));
    }
    for (label, text) in [("by", &gate.by), ("reason", &gate.reason)] {
        metadata.extend(text.iter().map(|text| (label.to_owned(), json!(text))));
    }
    metadata.insert("on_unreachable".to_owned(), json!(gate.on_unreachable));
    json!({
        "key": gate.name,
        "value": gate.state == GateState::Open,
        "reason": "STATIC",
        "variant": gate.state,
        "metadata": metadata,
    })
}

/// Clients fall back to their own default, which is the gate's `on_unreachable`.
fn unreadable(key: Option<&str>) -> Response {
    let mut failure = json!({ "errorCode": "GENERAL", "errorDetails": UNREADABLE });
    if let Some(key) = key {
        failure["key"] = json!(key);
    }
    (StatusCode::SERVICE_UNAVAILABLE, Json(failure)).into_response()
}
