//! The operation that a request asks for: its method, and the path template that fits.

use std::{borrow::Cow, collections::BTreeMap};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{Document, Exchange, Violation};

/// An operation of a document, and the request's path in its words.
#[derive(Debug)]
pub(crate) struct Operation<'a> {
    pub(crate) document: &'a Document,
    /// For example `GET /rest/api/3/issue/{issueIdOrKey}`.
    pub(crate) name: String,
    pub(crate) content: &'a Value,
    /// The parameters of the operation and those of its path, references followed.
    pub(crate) parameters: Vec<&'a Value>,
    /// What stands in the path for each name of the template, decoded.
    pub(crate) in_path: BTreeMap<String, String>,
}

/// The operation of the request; a path without parameters goes before one with.
pub(crate) fn find<'a>(document: &'a Document, exchange: &Exchange) -> Result<Operation<'a>, Violation> {
    let Exchange { method, target, .. } = exchange;
    let path = target.split_once('?').map_or(target.as_str(), |(path, _)| path);
    let unknown = |what: &str| document.violation(&format!("{method} {path}"), "request", path, what.to_owned());
    let base = base(&document.root);
    let inside = path.strip_prefix(base).ok_or_else(|| unknown("the document knows no such path"))?;
    let templates = document.root["paths"].as_object().into_iter().flatten();
    let fitting = templates.filter_map(|(template, item)| Some((template, item, matched(template, inside)?)));
    let (template, item, in_path) = fitting
        .min_by_key(|(_, _, in_path)| in_path.len())
        .ok_or_else(|| unknown("the document knows no such path"))?;
    let content = &item[method.to_ascii_lowercase()];
    if !content.is_object() {
        return Err(unknown(&format!("the document knows {template}, but not with {method}")));
    }
    let parameters = [&item["parameters"], &content["parameters"]].into_iter().filter_map(Value::as_array).flatten();
    let parameters = parameters.map(|parameter| document.followed(parameter)).collect();
    Ok(Operation { document, name: format!("{method} {template}"), content, parameters, in_path })
}

/// What every path of a document begins behind: Swagger 2 has it as `basePath`, OpenAPI 3 in the URL of its server.
fn base(root: &Value) -> &str {
    let server = root["servers"][0]["url"].as_str().unwrap_or_default();
    let after_host = match server.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => server,
    };
    root["basePath"].as_str().unwrap_or(after_host).trim_end_matches('/')
}

/// What stands for each `{name}` of the template; nothing when the path is another.
fn matched(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let mut found = BTreeMap::new();
    for (expected, given) in template.iter().zip(&path) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !given.is_empty() => {
                found.insert(name.to_owned(), decoded(given).into_owned());
            }
            None if expected == given => {}
            _ => return None,
        }
    }
    (template.len() == path.len()).then_some(found)
}

/// A percent-encoded text as it was meant.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

impl Document {
    /// The value itself, or what its `$ref` points to.
    pub(crate) fn followed<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        target.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(value)
    }
}
