//! The body of a request: the media type is documented, and the JSON fits.

use serde_json::{Map, Value, json};

use crate::{Exchange, Violation, operation::Operation};

const PART: &str = "request body";

/// Validates the body of a request.
pub(crate) fn check(operation: &Operation<'_>, exchange: &Exchange) -> Result<(), Violation> {
    let Some((schema, is_required)) = expected(operation) else {
        return nothing(operation, &exchange.body);
    };
    if exchange.body.is_empty() {
        return if is_required { Err(operation.violation(PART, "", "a body is required".to_owned())) } else { Ok(()) };
    }
    let media = exchange.headers.get("content-type").map_or("", String::as_str);
    if media.split(';').next().map(str::trim) != Some("application/json") {
        let expected = format!("application/json is documented, `{media}` was sent");
        return Err(operation.violation("header", "content-type", expected));
    }
    let body: Value = serde_json::from_str(&exchange.body)
        .map_err(|error| operation.violation(PART, "", format!("it is not JSON: {error}")))?;
    operation.fits(&schema, &body, PART)
}

fn nothing(operation: &Operation<'_>, body: &str) -> Result<(), Violation> {
    if body.is_empty() {
        return Ok(());
    }
    Err(operation.violation(PART, "", "no JSON body is documented".to_owned()))
}

/// The schema of the JSON body, and whether there has to be one; nothing when the operation takes none.
fn expected(operation: &Operation<'_>) -> Option<(Value, bool)> {
    let content = operation.content;
    if let Some(body) = content.get("requestBody") {
        let body = operation.document.followed(body);
        return Some((body.pointer("/content/application~1json/schema")?.clone(), body["required"] == true));
    }
    if let Some(body) = operation.parameters.iter().find(|parameter| parameter["in"] == "body") {
        return Some((body["schema"].clone(), body["required"] == true));
    }
    let takes_json = content["consumes"].as_array().is_some_and(|media| media.contains(&json!("application/json")));
    takes_json.then(|| of_form(operation))
}

/// Swagger 2 has no words for an operation that takes a form or the same fields as JSON, and lists them as form fields:
/// every field has to be one of them.
fn of_form(operation: &Operation<'_>) -> (Value, bool) {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in operation.parameters.iter().filter(|parameter| parameter["in"] == "formData") {
        let Some(name) = field["name"].as_str() else { continue };
        properties.insert(name.to_owned(), json!({ "type": field["type"] }));
        if field["required"] == true {
            required.push(json!(name));
        }
    }
    let is_required = !required.is_empty();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if is_required {
        schema["required"] = Value::Array(required);
    }
    (schema, is_required)
}
