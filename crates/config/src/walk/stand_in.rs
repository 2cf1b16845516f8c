//! Stand-ins: valid values that take the place of wrong or missing ones, so that the rest of a file can be read.

use std::ops::Range;

use serde_json::Value as Json;

use crate::{
    schema::{one_of, resolve, strings, types},
    tree::{Key, Node, Value},
};

/// A valid value of this schema, marked so that nothing more is said about it.
pub(crate) fn stand_in(root: &Json, schema: &Json, span: &Range<usize>) -> Node {
    let schema = resolve(root, schema);
    let value = match types(schema).first().copied() {
        Some("object") => table(root, schema, span),
        Some("array") => {
            let count = schema.get("minItems").and_then(Json::as_u64).unwrap_or(0);
            let item = || schema.get("items").map(|items| stand_in(root, items, span));
            Value::Array((0..count).filter_map(|_| item()).collect())
        }
        Some("integer") => Value::Integer(1),
        Some("number") => Value::Number(1.0),
        Some("boolean") => Value::Flag(false),
        _ => Value::Text(text(schema).to_owned()),
    };
    Node { stand_in: true, ..Node::new(span.clone(), value) }
}

fn table(root: &Json, schema: &Json, span: &Range<usize>) -> Value {
    let keys = strings(schema, "required").into_iter().chain(one_of(schema).into_iter().take(1));
    let entry = |key: &str| {
        let schema = schema.get("properties")?.get(key)?;
        Some((Key { text: key.to_owned(), span: span.clone() }, stand_in(root, schema, span)))
    };
    Value::table(keys.filter_map(entry).collect())
}

fn text(schema: &Json) -> &str {
    if let Some(word) = strings(schema, "enum").first() {
        return word;
    }
    match schema.get("format").and_then(Json::as_str).unwrap_or("") {
        "duration" => "1s",
        "window" => "1d",
        "percentage" => "1%",
        "size" => "1MiB",
        "cron" => "0 0 * * *",
        "timezone" => "UTC",
        "time" => "2000-01-01",
        "url" => "http://localhost/",
        "matcher" => "monitor=stand-in",
        "clock" => "12:00",
        "mailbox" => "nobody@localhost",
        "address" => "127.0.0.1:0",
        "ip" => "127.0.0.1",
        "header" => "X-Stand-In",
        _ => "stand-in",
    }
}
