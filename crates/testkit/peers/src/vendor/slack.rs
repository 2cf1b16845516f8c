//! The Slack Web API: Swagger 2.0 in JSON, from before message metadata and typed blocks.

use serde_json::{Value, json};

pub(super) const FILE: &str = "slack-web.openapi2.json";

/// Fields of a JSON body that differ from the document's form fields. In a JSON body Slack takes `blocks` as the array
/// itself where a form has it as text; `metadata` came after the document.
const FIELDS: [(&str, &str); 2] = [("blocks", "array"), ("metadata", "object")];

/// The methods that take a message.
const WITH_MESSAGE: [&str; 2] = ["/chat.postMessage", "/chat.update"];

/// Adds what came later, and takes away what Slack says otherwise today.
pub(super) fn amend(document: &mut Value) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, operations) in paths {
        for operation in operations.as_object_mut().into_iter().flat_map(|it| it.values_mut()) {
            // A bot's token goes into the Authorization header for every method; the parameter is the older way.
            let Some(parameters) = operation["parameters"].as_array_mut() else { continue };
            parameters.retain(|parameter| parameter["name"] != "token");
            if WITH_MESSAGE.contains(&path.as_str()) {
                parameters.retain(|parameter| FIELDS.iter().all(|(name, _)| parameter["name"] != *name));
                let later = FIELDS.map(|(name, kind)| json!({ "in": "formData", "name": name, "type": kind }));
                parameters.extend(later);
            }
            // Slack adds codes of refusals all the time, and tells clients to take any.
            if let Some(code) = operation.pointer_mut("/responses/default/schema/properties/error") {
                *code = json!({ "type": "string" });
            }
        }
    }
}
