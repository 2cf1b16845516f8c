//! OpenFeature's Remote Evaluation Protocol: OpenAPI 3.1 in YAML.

use serde_json::{Value, json};

pub(super) const FILE: &str = "openfeature-ofrep.openapi.yaml";

/// 413: the body was not read, which HTTP says before any protocol does. 503: the store cannot be read for now; the
/// document names 500 alone, and clients take both as a failure.
pub(super) const UNDOCUMENTED: &[u16] = &[413, 503];

/// The flag without a value is told from the others by its absence ("has no `value` property"), but its schema does not
/// forbid one: literally, an answer with a value fits two of the alternatives, and none may be given.
pub(super) fn amend(document: &mut Value) {
    if let Some(flag) = document.pointer_mut("/components/schemas/codeDefaultFlag") {
        flag["not"] = json!({ "required": ["value"] });
    }
}
