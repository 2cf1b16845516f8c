//! Answers that all routes share.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// What is said when the store cannot be read; the cause goes to the log, not to the visitor.
pub(crate) const STORE_UNREADABLE: &str =
    "the state of the gates cannot be read: act as the gate's `on_unreachable` says";

/// An error as `{"error": …}`.
pub(crate) fn failure(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}
