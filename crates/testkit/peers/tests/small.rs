//! A small document of our own, and requests and answers that fit it or do not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use watchkeeper_peers::{Document, Exchange, Vendor, Violation};

/// A shop of boats, in OpenAPI 3.0.
fn shop() -> Document {
    let boat = json!({
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": { "name": { "type": "string" }, "length_m": { "type": "number", "nullable": true } },
    });
    let dock = json!({ "in": "path", "name": "dock", "required": true, "schema": { "type": "integer" } });
    let body = json!({ "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/boat" } } } });
    let answer = json!({ "content": { "application/json": { "schema": { "$ref": "#/components/schemas/boat" } } } });
    let parameters = json!([
        { "in": "query", "name": "dry", "required": true, "schema": { "type": "boolean" } },
        { "in": "query", "name": "tag", "schema": { "type": "array", "items": { "type": "string" } } },
        { "in": "header", "name": "X-Harbour", "schema": { "type": "string" } },
    ]);
    let moor = json!({ "parameters": parameters, "requestBody": body, "responses": { "201": answer } });
    let docks = json!({ "parameters": [dock], "post": moor });
    let free = json!({ "get": { "responses": { "200": {} } } });
    let paths = json!({ "/docks/{dock}/boats": docks, "/docks/free/boats": free });
    let document = json!({ "openapi": "3.0.1", "paths": paths, "components": { "schemas": { "boat": boat } } });
    Document::parse(Vendor::Jira, &document.to_string()).unwrap()
}

fn exchange(method: &str, target: &str, body: &Value) -> Exchange {
    let headers = json!({ "host": "x", "content-type": "application/json; charset=utf-8" });
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let exchange = json!({ "vendor": "jira", "method": method, "target": target, "headers": headers, "body": body });
    serde_json::from_value(exchange).unwrap()
}

fn moor(target: &str, body: &Value) -> Result<Vec<String>, Violation> {
    shop().check(&exchange("POST", target, body))
}

#[track_caller]
fn assert_violation(result: Result<Vec<String>, Violation>, part: &str, place: &str, expected: &str) {
    let violation = result.unwrap_err();
    assert_eq!((violation.part.as_str(), violation.place.as_str()), (part, place), "{violation}");
    assert!(violation.expected.contains(expected), "{expected:?} is not in {violation}");
}

const GOOD: &str = "/docks/7/boats?dry=true&tag=a&tag=b%20c";

#[test]
fn a_good_request_passes_and_is_counted() {
    let counted = moor(GOOD, &json!({ "name": "Ran", "length_m": 8.5 })).unwrap();
    assert_eq!(counted, ["jira-cloud-v3.openapi.json\trequest\tPOST /docks/{dock}/boats"]);
    moor(GOOD, &json!({ "name": "Ran", "length_m": null })).unwrap();
}

#[test]
fn a_body_that_does_not_fit_is_named_with_its_place() {
    assert_violation(moor(GOOD, &json!({})), "request body", "", "\"name\" is a required property");
    assert_violation(moor(GOOD, &json!({ "name": 3 })), "request body", "/name", "not of type \"string\"");
    assert_violation(moor(GOOD, &json!({ "name": "Ran", "mast": 1 })), "request body", "", "'mast' was unexpected");
    assert_violation(moor(GOOD, &Value::Null), "request body", "", "a body is required");
    let mut form = exchange("POST", GOOD, &json!({ "name": "Ran" }));
    form.headers.insert("content-type".to_owned(), "text/plain".to_owned());
    assert_violation(shop().check(&form), "header", "content-type", "application/json is documented");
    assert_violation(
        shop().check(&exchange("GET", "/docks/free/boats", &json!({}))),
        "request body",
        "",
        "no JSON body",
    );
}

#[test]
fn an_operation_that_is_not_there_is_named() {
    let good = json!({ "name": "Ran" });
    assert_violation(moor("/quays/7/boats", &good), "request", "/quays/7/boats", "no such path");
    assert_violation(moor("/docks/7/boats/3", &good), "request", "/docks/7/boats/3", "no such path");
    let other = shop().check(&exchange("PUT", "/docks/7/boats", &good));
    assert_violation(other, "request", "/docks/7/boats", "not with PUT");
}

#[test]
fn a_path_without_parameters_goes_first() {
    let counted = shop().check(&exchange("GET", "/docks/free/boats", &Value::Null)).unwrap();
    assert!(counted[0].ends_with("GET /docks/free/boats"), "{counted:?}");
}

#[test]
fn parameters_are_known_required_and_typed() {
    let good = json!({ "name": "Ran" });
    assert_violation(moor("/docks/7/boats", &good), "query", "dry", "required");
    assert_violation(moor("/docks/7/boats?dry=true&wet=1", &good), "query", "wet", "no such parameter");
    assert_violation(moor("/docks/7/boats?dry=true&dry=true", &good), "query", "dry", "may stand once");
    assert_violation(moor("/docks/7/boats?dry=maybe", &good), "query parameter `dry`", "", "not of type \"boolean\"");
    assert_violation(moor("/docks/west/boats?dry=true", &good), "path parameter `dock`", "", "not of type \"integer\"");
    let mut strange = exchange("POST", GOOD, &good);
    strange.headers.insert("x-harbour".to_owned(), "north".to_owned());
    shop().check(&strange).unwrap();
    strange.headers.insert("x-quay".to_owned(), "north".to_owned());
    assert_violation(shop().check(&strange), "header", "x-quay", "no such parameter");
}

#[test]
fn an_answer_fits_the_schema_of_its_status() {
    let answered = |body: &str, status: u16| {
        let answer = serde_json::from_value(json!({ "status": status, "body": body })).unwrap();
        shop().check(&Exchange { answer: Some(answer), ..exchange("POST", GOOD, &json!({ "name": "Ran" })) })
    };
    assert!(answered(r#"{"name":"Ran"}"#, 201).unwrap()[1].contains("answer 201"));
    assert_violation(answered(r#"{"name":null}"#, 201), "answer 201", "/name", "not of type \"string\"");
    assert_violation(answered("<html>", 201), "answer 201", "", "not JSON");
    assert_eq!(answered("<html>", 502).unwrap().len(), 1);
}

/// A method as Slack documents it: form fields, which may come as JSON.
#[test]
fn form_fields_are_the_fields_of_a_json_body() {
    let field = |name: &str, kind: &str, required: bool| json!({ "in": "formData", "name": name, "type": kind, "required": required });
    let token = json!({ "in": "header", "name": "token", "type": "string", "required": true });
    let post = json!({
        "consumes": ["application/x-www-form-urlencoded", "application/json"], "responses": {},
        "parameters": [token, field("channel", "string", true), field("blocks", "string", false)],
    });
    let document = json!({ "swagger": "2.0", "basePath": "/api", "paths": { "/chat.postMessage": { "post": post } } });
    let slack = Document::parse(Vendor::Slack, &document.to_string()).unwrap();
    let post = |body: Value| slack.check(&exchange("POST", "/api/chat.postMessage", &body));
    post(json!({ "channel": "C1", "blocks": [], "metadata": {} })).unwrap();
    assert_violation(post(json!({ "blocks": [] })), "request body", "", "\"channel\" is a required property");
    assert_violation(post(json!({ "channel": 1 })), "request body", "/channel", "not of type \"string\"");
    assert_violation(post(json!({ "channel": "C1", "colour": "red" })), "request body", "", "'colour' was unexpected");
}

#[test]
fn a_document_in_yaml_has_to_be_openapi() {
    Document::parse(Vendor::Ofrep, "openapi: 3.1.0\npaths: {}\n").unwrap();
    let error = Document::parse(Vendor::Ofrep, "openapi: 1.2\n").unwrap_err();
    assert!(error.to_string().contains("neither OpenAPI 3 nor Swagger 2"), "{error}");
}
