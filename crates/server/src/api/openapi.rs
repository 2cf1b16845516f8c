//! The API's document, from the declared routes and the schemas of their answers.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Map, Value, json};
use watchkeeper_model::Role;

use crate::{
    page::is_page,
    routes::{Described, Field, Kind},
};

/// The schemas of all answers, by name.
const SCHEMAS: &str = include_str!("schemas.json");

/// The document of everything under `/v1` and `/ofrep`, and the metrics.
pub(crate) fn document(routes: &[Described]) -> Arc<Value> {
    let mut paths = Map::new();
    for route in routes.iter().filter(|route| !is_page(&route.path)) {
        let path = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(route);
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    Arc::new(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Watchkeeper", "version": env!("CARGO_PKG_VERSION"),
            "description": "What is wrong, what the machine did, and what people decide. The verbs, words and refusals are those of the command line.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }, {}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": {
                "type": "http", "scheme": "bearer",
                "description": "`watchkeeper token new NAME --role viewer|responder|admin|gates`",
            } },
        },
    }))
}

fn operation(route: &Described) -> Value {
    let mut parameters: Vec<Value> = names(&route.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } }))
        .collect();
    let mut operation = json!({
        "operationId": id(route), "summary": route.about, "x-role": route.role,
        "description": format!("Takes the role {}.", route.role),
    });
    let is_verb = route.method == Method::POST && route.path.starts_with("/v1/");
    if is_verb {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "maxLength": 200 },
            "description": "The same key gives what came of it the first time, for as long as the daemon lives",
        }));
        operation["requestBody"] = body(route.fields);
    } else if route.method == Method::POST {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/OfrepContext" } } },
        });
    } else {
        parameters.extend(route.fields.iter().map(|field| {
            json!({ "name": field.name, "in": "query", "required": field.required, "schema": schema(field), "description": field.about })
        }));
    }
    operation["parameters"] = json!(parameters);
    operation["responses"] = answers(route, is_verb);
    operation
}

fn answers(route: &Described, is_verb: bool) -> Value {
    let answer = route.answer.unwrap_or_default();
    let kind = match answer {
        "Markdown" => "text/markdown",
        "Metrics" => "text/plain",
        "Events" => "text/event-stream",
        _ => "application/json",
    };
    let content = match kind {
        "application/json" => json!({ "schema": { "$ref": format!("#/components/schemas/{answer}") } }),
        _ => json!({ "schema": { "type": "string" } }),
    };
    let mut fine = json!({ "description": "Done", "content": { kind: content } });
    if answer == "Metrics" {
        fine["content"]["application/openmetrics-text"] = json!({ "schema": { "type": "string" } });
    }
    if answer == "Ledger" {
        fine["content"]["application/x-ndjson"] = json!({ "schema": { "type": "string" } });
    }
    let mut answers = json!({ "200": fine });
    let problem = |about: &str, schema: &str, kind: &str| json!({ "description": about, "content": { kind: { "schema": { "$ref": format!("#/components/schemas/{schema}") } } } });
    let of = |about: &str| problem(about, "Problem", "application/problem+json");
    answers["401"] = of("Who asks is not known");
    answers["403"] = of("They may not");
    answers["503"] = of("The store is away, or there is no room");
    answers["414"] = json!({ "description": "The address is too long" });
    answers["408"] = of("It took too long");
    answers["421"] = of("The server goes by another name");
    if route.path.starts_with("/ofrep/") {
        answers["400"] = problem("The context cannot be read", "OfrepFailure", "application/json");
        answers["404"] = problem("There is no such gate", "OfrepFailure", "application/json");
        answers["413"] = problem("The body is too large", "OfrepFailure", "application/json");
        answers["503"] = problem("The store is away", "OfrepFailure", "application/json");
        answers["304"] = json!({ "description": "The client has it" });
        return answers;
    }
    answers["304"] = json!({ "description": "The client has it" });
    answers["404"] = of("There is no such thing; `nearest` names one that is meant, perhaps");
    answers["409"] = of("It is not any more what it was, or cannot be done now");
    answers["422"] = of("A field is wrong; `field` names it");
    if is_verb {
        answers["413"] = of("The body is too large");
        answers["415"] = of("The body is no JSON");
    }
    answers
}

fn body(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = schema(field);
        schema["description"] = json!(field.about);
        properties.insert(field.name.to_owned(), schema);
    }
    let by = json!({
        "type": "string", "minLength": 1, "maxLength": 100,
        "description": "Who acts, where nobody has to prove who they are; kept as unproved",
    });
    properties.insert("by".to_owned(), by);
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let schema =
        json!({ "type": "object", "properties": properties, "required": &required, "additionalProperties": false });
    json!({ "required": !required.is_empty(), "content": { "application/json": { "schema": schema } } })
}

fn schema(field: &Field) -> Value {
    match field.kind {
        Kind::Text => json!({ "type": "string", "maxLength": 10_000 }),
        Kind::Number => json!({ "type": "integer", "minimum": 1 }),
        Kind::Row => json!({ "type": "integer", "minimum": 0 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Words(words) => json!({ "type": "string", "enum": words }),
        Kind::Texts => json!({ "type": "array", "minItems": 1, "items": { "type": "string" } }),
    }
}

/// The names in a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// `post_incidents_ack`.
fn id(route: &Described) -> String {
    let parts = route.path.split('/').filter(|part| !part.is_empty() && *part != "v1" && !part.starts_with('{'));
    let named = if route.path.ends_with('}') { "_one" } else { "" };
    let parts = parts.map(|part| part.replace('.', "_")).collect::<Vec<_>>().join("_");
    let role = if route.role == Role::Gates && route.path.starts_with("/ofrep") { "_flags" } else { "" };
    format!("{}_{parts}{named}{role}", route.method.as_str().to_lowercase())
}
