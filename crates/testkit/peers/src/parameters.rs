//! Path, query and header parameters: known, there when required, and of the right type.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    Exchange, Violation,
    operation::{Operation, decoded},
};

/// Headers of HTTP itself, which no API document lists.
const OF_HTTP: [&str; 10] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "user-agent",
];

/// Validates the parameters of a request.
pub(crate) fn check(operation: &Operation<'_>, exchange: &Exchange) -> Result<(), Violation> {
    let query = query(&exchange.target);
    let one = |map: &BTreeMap<String, String>| map.iter().map(|(k, v)| (k.clone(), vec![v.clone()])).collect();
    let headers: BTreeMap<String, Vec<String>> = one(&exchange.headers);
    let is_of_http = |name: &str| OF_HTTP.contains(&name);
    for (place, given) in [("path", &one(&operation.in_path)), ("query", &query), ("header", &headers)] {
        let known: Vec<(String, &Value)> = known(operation, place);
        for name in given.keys().filter(|name| place != "header" || !is_of_http(name)) {
            if !known.iter().any(|(known, _)| known == name) {
                return Err(operation.violation(place, name, "the document knows no such parameter".to_owned()));
            }
        }
        for (name, parameter) in known {
            match given.get(&name) {
                Some(values) => value(operation, place, &name, parameter, values)?,
                None if parameter["required"] == true => {
                    return Err(operation.violation(place, &name, "this parameter is required".to_owned()));
                }
                None => {}
            }
        }
    }
    Ok(())
}

/// The operation's parameters in this place; headers by their lowercase names.
fn known<'a>(operation: &Operation<'a>, place: &str) -> Vec<(String, &'a Value)> {
    let here = operation.parameters.iter().filter(|parameter| parameter["in"] == place);
    here.filter_map(|parameter| {
        let name = parameter["name"].as_str()?;
        Some((if place == "header" { name.to_ascii_lowercase() } else { name.to_owned() }, *parameter))
    })
    .collect()
}

/// Validates one parameter's values.
fn value(
    operation: &Operation<'_>,
    place: &str,
    name: &str,
    parameter: &Value,
    values: &[String],
) -> Result<(), Violation> {
    // Swagger 2 has the type beside the name.
    let schema = parameter.get("schema").unwrap_or(parameter);
    let schema = operation.document.followed(schema);
    let typed = match (schema["type"] == "array", values) {
        (true, values) => {
            values.iter().map(|value| typed(operation.document.followed(&schema["items"]), value)).collect()
        }
        (false, [value]) => typed(schema, value),
        (false, _) => return Err(operation.violation(place, name, "this parameter may stand once".to_owned())),
    };
    // Only what speaks of the value: `required` beside a Swagger 2 parameter is no keyword of a schema.
    let mut speaks = schema.clone();
    if let (Value::Object(object), None) = (&mut speaks, parameter.get("schema")) {
        object.retain(|key, _| ["type", "items", "enum", "pattern", "minimum", "maximum"].contains(&key.as_str()));
    }
    operation.fits(&speaks, &typed, &format!("{place} parameter `{name}`"))
}

/// A text as the schema's type would have it; a text that is no number stays one, and does not fit.
fn typed(schema: &Value, text: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    }
}

fn query(target: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        found.entry(decoded(name).into_owned()).or_default().push(decoded(&value.replace('+', " ")).into_owned());
    }
    found
}
