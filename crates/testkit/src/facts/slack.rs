//! Slack, Web API and Block Kit.

use serde_json::Value;

use super::{Field, Kind, Operation};

/// What a message is made of, posted or updated.
macro_rules! message_fields {
    ($($field:expr),* $(,)?) => {
        &[
            Field { pointer: "/channel", required: true, kind: Kind::Text(80) },
            Field { pointer: "/text", required: true, kind: Kind::Text(4_000) },
            Field { pointer: "/blocks", required: true, kind: Kind::List(50) },
            Field { pointer: "/blocks/-", required: true, kind: Kind::Block },
            Field { pointer: "/metadata/event_type", required: true, kind: Kind::Text(255) },
            Field { pointer: "/metadata/event_payload", required: true, kind: Kind::Table },
            $($field),*
        ]
    };
}

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        method: "POST",
        path: "chat.postMessage",
        query: &[],
        fields: message_fields![Field { pointer: "/thread_ts", required: false, kind: Kind::Text(32) }],
    },
    Operation {
        method: "POST",
        path: "chat.update",
        query: &[],
        fields: message_fields![Field { pointer: "/ts", required: true, kind: Kind::Text(32) }],
    },
    Operation { method: "POST", path: "auth.test", query: &[], fields: &[] },
];

/// Why a value is no block that Slack takes: each kind of text has a length of its own.
pub(super) fn not_a_block(value: &Value) -> Option<String> {
    let text_max = match value["type"].as_str() {
        Some("header") => 150,
        Some("section") => 3_000,
        Some("context") => {
            let elements = value["elements"].as_array()?;
            return (elements.is_empty() || elements.len() > 10).then(|| "has no or too many elements".to_owned());
        }
        _ => return Some("is of a kind that we do not send".to_owned()),
    };
    let text = value["text"]["text"].as_str().unwrap_or_default();
    let units = text.encode_utf16().count();
    (units == 0 || units > text_max).then(|| format!("has a text of {units} characters, at most {text_max} are taken"))
}
