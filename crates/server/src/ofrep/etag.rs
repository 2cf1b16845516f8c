//! ETags: a digest of the answer, so that it changes when any gate does and at no other time.

use axum::http::{HeaderMap, header::IF_NONE_MATCH};
use serde_json::Value;
use watchkeeper_model::digest_of;

/// The quoted tag of an answer.
pub(crate) fn of(answer: &Value) -> String {
    format!("\"{}\"", digest_of(&[&answer.to_string()]))
}

/// Whether the client has the answer with this tag already (weak comparison, RFC 9110).
pub(super) fn is_held(headers: &HeaderMap, tag: &str) -> bool {
    let mut held = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    held.any(|held| holds(held, tag))
}

/// Whether one of the tags of a header is this.
pub(crate) fn holds(held: &str, tag: &str) -> bool {
    held.split(',').map(str::trim).any(|held| {
        let held = held.strip_prefix("W/").unwrap_or(held);
        // Some clients send the tag without its quotes.
        held == "*" || held == tag || held == tag.trim_matches('"')
    })
}
