//! The answer: its status is documented, and its JSON fits the schema of that status.

use serde_json::Value;

use crate::{Answer, Violation, operation::Operation};

/// Validates an answer; tells what was validated, nothing when the document says nothing about it.
pub(crate) fn check(operation: &Operation<'_>, answer: &Answer) -> Result<Option<String>, Violation> {
    let vendor = operation.document.vendor;
    let part = format!("answer {}", answer.status);
    let body: Result<Value, _> = serde_json::from_str(&answer.body);
    let key = vendor.answer_key(answer.status, body.as_ref().unwrap_or(&Value::Null));
    let Some(response) = operation.content["responses"].get(key) else {
        return match vendor.undocumented() {
            Some(allowed) if !allowed.contains(&answer.status) => {
                Err(operation.violation(&part, "", "the document knows no such status".to_owned()))
            }
            _ => Ok(None),
        };
    };
    let response = operation.document.followed(response);
    let schema = response.pointer("/content/application~1json/schema").or_else(|| response.get("schema"));
    match (schema, body) {
        (None, _) => Ok(None),
        // A peer on the way, such as a proxy, answers in its own words: `answer` is given only for the peer's own.
        (Some(_), Err(error)) => Err(operation.violation(&part, "", format!("it is not JSON: {error}"))),
        (Some(schema), Ok(body)) => operation.fits(schema, &body, &part).map(|()| Some(part)),
    }
}
