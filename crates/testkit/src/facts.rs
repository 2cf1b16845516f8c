//! Facts of the vendors' APIs that every request of ours has to keep to: operations, fields and lengths. They are checked
//! in every test that speaks to such a peer; the vendors' own documents, where they are at hand, say more.

mod jira;
mod pagerduty;
mod slack;

use serde_json::Value;

use crate::{Exchange, Vendor};

/// One operation as we use it.
pub(crate) struct Operation {
    method: &'static str,
    /// Its path; `*` stands for one segment, and what stands before it for wherever the API lives.
    path: &'static str,
    /// The parameters that its query may have.
    query: &'static [&'static str],
    fields: &'static [Field],
}

/// One field of a request's body.
pub(crate) struct Field {
    /// Where it is, as a JSON pointer; `-` stands for every element of a list.
    pointer: &'static str,
    required: bool,
    kind: Kind,
}

/// What a field holds.
pub(crate) enum Kind {
    /// A text of at most so many UTF-16 units.
    Text(usize),
    /// A whole number.
    Number,
    /// A list of at most so many elements.
    List(usize),
    /// A table.
    Table,
    /// A label: a text without spaces.
    Label,
    /// A document of paragraphs.
    Document,
    /// Blocks of a message.
    Block,
}

/// What is wrong with a request; empty when it is as it should be.
pub(crate) fn violations(vendor: Vendor, exchange: &Exchange) -> Vec<String> {
    let (operations, base) = match vendor {
        Vendor::Jira => (jira::OPERATIONS, "/rest/api/3/"),
        Vendor::Slack => (slack::OPERATIONS, "/api/"),
        Vendor::Pagerduty => (pagerduty::OPERATIONS, "/v2/"),
        // Our own server: much of what the tests ask it is malformed on purpose.
        Vendor::Ofrep => return Vec::new(),
    };
    let (path, query) = exchange.target.split_once('?').unwrap_or((&exchange.target, ""));
    let place = format!("{} {path}", exchange.method);
    let Some((_, path)) = path.split_once(base) else { return vec![format!("{place}: not under {base}")] };
    let fits = |operation: &&Operation| operation.method == exchange.method && same_path(operation.path, path);
    let Some(operation) = operations.iter().find(fits) else { return vec![format!("{place}: no such operation")] };
    let mut found = of_query(operation, query);
    // PagerDuty takes its key in the body.
    if vendor != Vendor::Pagerduty && !exchange.headers.contains_key("authorization") {
        found.push("there is no `authorization`".to_owned());
    }
    if !operation.fields.is_empty() {
        let media = exchange.headers.get("content-type").map_or("", String::as_str);
        if !media.starts_with("application/json") {
            found.push(format!("its media type is `{media}`"));
        }
        match serde_json::from_str(&exchange.body) {
            Ok(body) => found.extend(operation.fields.iter().flat_map(|field| of_field(field, &body))),
            Err(error) => found.push(format!("its body is not JSON: {error}")),
        }
    }
    found.into_iter().map(|what| format!("{place}: {what}")).collect()
}

fn same_path(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(part, given)| *part == "*" || part == given)
}

fn of_query(operation: &Operation, query: &str) -> Vec<String> {
    let names = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or(""));
    let unknown = names.filter(|name| !operation.query.contains(name));
    unknown.map(|name| format!("the query has no `{name}`")).collect()
}

fn of_field(field: &Field, body: &Value) -> Vec<String> {
    let found = found_at(body, field.pointer);
    if found.is_empty() && field.required {
        return vec![format!("{} is missing", field.pointer)];
    }
    let wrong = found.into_iter().filter_map(|value| field.kind.complaint(value));
    wrong.map(|what| format!("{} {what}", field.pointer)).collect()
}

/// The values at a pointer, in which `-` stands for every element of a list.
fn found_at<'a>(body: &'a Value, pointer: &str) -> Vec<&'a Value> {
    match pointer.split_once("/-") {
        None => body.pointer(pointer).into_iter().collect(),
        Some((list, rest)) => {
            let items = body.pointer(list).and_then(Value::as_array).into_iter().flatten();
            items.flat_map(|item| found_at(item, rest)).collect()
        }
    }
}

impl Kind {
    /// Why a value is not one of this kind.
    fn complaint(&self, value: &Value) -> Option<String> {
        let units = |text: &str| text.encode_utf16().count();
        match (self, value) {
            (Self::Text(max), Value::String(text)) => {
                (units(text) > *max).then(|| format!("has {} characters, more than {max}", units(text)))
            }
            (Self::Label, Value::String(text)) => {
                let wrong = text.is_empty() || units(text) > 255 || text.contains(char::is_whitespace);
                wrong.then(|| format!("`{text}` is no label"))
            }
            (Self::List(max), Value::Array(items)) => (items.len() > *max).then(|| format!("has over {max} elements")),
            (Self::Number, Value::Number(_)) | (Self::Table, Value::Object(_)) => None,
            (Self::Document, Value::Object(_)) => jira::not_a_document(value),
            (Self::Block, Value::Object(_)) => slack::not_a_block(value),
            (_, other) => Some(format!("holds {other}")),
        }
    }
}
