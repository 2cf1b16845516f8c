//! Jira Cloud, REST API 3.

use serde_json::Value;

use super::{Field, Kind, Operation};

/// The most characters of a document.
const DOCUMENT_MAX: usize = 32_767;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        method: "POST",
        path: "issue",
        query: &[],
        fields: &[
            Field { pointer: "/fields/project/key", required: true, kind: Kind::Text(255) },
            Field { pointer: "/fields/issuetype/name", required: true, kind: Kind::Text(255) },
            Field { pointer: "/fields/summary", required: true, kind: Kind::Text(255) },
            Field { pointer: "/fields/description", required: false, kind: Kind::Document },
            Field { pointer: "/fields/labels/-", required: false, kind: Kind::Label },
        ],
    },
    Operation { method: "GET", path: "issue/*", query: &["fields"], fields: &[] },
    Operation {
        method: "PUT",
        path: "issue/*",
        query: &[],
        fields: &[
            Field { pointer: "/update", required: true, kind: Kind::Table },
            Field { pointer: "/update/comment/-/add/body", required: false, kind: Kind::Document },
            Field { pointer: "/update/labels/-/add", required: false, kind: Kind::Label },
        ],
    },
    Operation {
        method: "POST",
        path: "issue/*/comment",
        query: &[],
        fields: &[Field { pointer: "/body", required: true, kind: Kind::Document }],
    },
    Operation { method: "GET", path: "issue/*/transitions", query: &[], fields: &[] },
    Operation {
        method: "POST",
        path: "issue/*/transitions",
        query: &[],
        fields: &[Field { pointer: "/transition/id", required: true, kind: Kind::Text(255) }],
    },
    Operation {
        method: "POST",
        path: "search/jql",
        query: &[],
        fields: &[
            Field { pointer: "/jql", required: true, kind: Kind::Text(DOCUMENT_MAX) },
            Field { pointer: "/fields", required: false, kind: Kind::List(100) },
            Field { pointer: "/maxResults", required: false, kind: Kind::Number },
        ],
    },
    Operation { method: "GET", path: "myself", query: &[], fields: &[] },
    Operation { method: "GET", path: "project/*", query: &[], fields: &[] },
];

/// Why a value is no document: version, type and nodes that are known.
pub(super) fn not_a_document(value: &Value) -> Option<String> {
    if value["version"] != 1 || value["type"] != "doc" {
        return Some("is no document of version 1".to_owned());
    }
    let paragraphs = value["content"].as_array()?;
    let nodes = || paragraphs.iter().flat_map(|paragraph| paragraph["content"].as_array().into_iter().flatten());
    let length: usize = nodes().filter_map(|node| node["text"].as_str()).map(|text| text.encode_utf16().count()).sum();
    let known = |node: &Value| match node["type"].as_str() {
        Some("text") => node["text"].as_str().is_some_and(|text| !text.is_empty()),
        Some("hardBreak") => true,
        _ => false,
    };
    if !paragraphs.iter().all(|paragraph| paragraph["type"] == "paragraph") || !nodes().all(known) {
        return Some("has a node that is no paragraph, text or hard break".to_owned());
    }
    (length > DOCUMENT_MAX).then(|| format!("has {length} characters, more than {DOCUMENT_MAX}"))
}
