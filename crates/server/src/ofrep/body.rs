//! The body of an evaluation: read to refuse what is malformed; a gate's answer depends on nothing in it.

use axum::{
    Json,
    body::Bytes,
    extract::rejection::BytesRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Why a body is refused.
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    details: String,
}

/// A body is an object with an object `context`. Its `targetingKey` may be absent, because a gate has one answer for
/// everybody; when it is there it is a string.
pub(super) fn check(sent: Result<Bytes, BytesRejection>) -> Result<(), Refusal> {
    let sent = sent.map_err(|refused| Refusal {
        status: refused.status(),
        code: "PARSE_ERROR",
        details: format!("the body cannot be read: {}", refused.body_text()),
    })?;
    let body: Value = serde_json::from_slice(&sent)
        .map_err(|error| bad_request("PARSE_ERROR", format!("the body is not JSON: {error}")))?;
    let context = body.get("context").and_then(Value::as_object);
    let context = context.ok_or_else(|| bad_request("INVALID_CONTEXT", "`context` must be an object".to_owned()))?;
    match context.get("targetingKey") {
        None | Some(Value::String(_)) => Ok(()),
        Some(_) => Err(bad_request("INVALID_CONTEXT", "`targetingKey` must be a string".to_owned())),
    }
}

fn bad_request(code: &'static str, details: String) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, code, details }
}

impl Refusal {
    /// As OFREP says it; `key` for a single evaluation.
    pub(super) fn answer(self, key: Option<&str>) -> Response {
        let mut failure = json!({ "errorCode": self.code, "errorDetails": self.details });
        if let Some(key) = key {
            failure["key"] = json!(key);
        }
        (self.status, Json(failure)).into_response()
    }
}
