//! Checks a parsed file against its schema, reports every mistake, and repairs the file so that the rest of it can still
//! be read: unknown keys are dropped, and a stand-in takes the place of what is wrong or missing.

mod format;
mod stand_in;

use serde_json::Value as Json;

use crate::{
    nearest::{nearest, suggestion},
    place::{File, Report, span_within},
    schema::{one_of, resolve, strings, types},
    tree::{Key, Node, Value},
};

/// One file on its way through its schema.
pub(crate) struct Walker<'a> {
    pub(crate) schema: &'a Json,
    pub(crate) file: &'a File,
    pub(crate) report: &'a mut Report,
}

impl Walker<'_> {
    /// Checks `node`, named `name` in messages, and repairs it.
    pub(crate) fn check(&mut self, node: &mut Node, schema: &Json, name: &str) {
        let schema = resolve(self.schema, schema);
        if !admits(&types(schema), schema, node) {
            return self.wrong_type(node, schema, name);
        }
        match &mut node.value {
            Value::Table(_) => self.check_table(node, schema, name),
            Value::Array(_) => self.check_array(node, schema, name),
            _ => self.check_scalar(node, schema, name),
        }
    }

    fn wrong_type(&mut self, node: &mut Node, schema: &Json, name: &str) {
        let expected = format::expected(schema);
        let message = format!("`{name}` is {}", node.type_name());
        let quoted = node.text().filter(|text| text.parse::<f64>().is_ok() && !types(schema).contains(&"string"));
        let help = quoted.map(|text| format!("write {text} without quotes"));
        let diagnostic = self.file.mistake(node.span.clone(), message).label(format!("expected {expected}"));
        self.report.found.push(diagnostic.help(help));
        self.replace(node, schema);
    }

    fn check_array(&mut self, node: &mut Node, schema: &Json, name: &str) {
        let Value::Array(items) = &mut node.value else { return };
        if let Some(item_schema) = schema.get("items") {
            for item in items.iter_mut() {
                self.check(item, item_schema, name);
            }
        }
        let count = items.len() as u64;
        let limit = |keyword| schema.get(keyword).and_then(Json::as_u64);
        let expected = match (limit("minItems"), limit("maxItems")) {
            (Some(low), Some(high)) if count < low || count > high => format!("expected {low} of them"),
            (Some(low), None) if count < low => format!("expected at least {low}"),
            _ => return,
        };
        self.report
            .found
            .push(self.file.mistake(node.span.clone(), format!("`{name}` has {count} elements")).label(expected));
        self.replace(node, schema);
    }

    fn check_scalar(&mut self, node: &mut Node, schema: &Json, name: &str) {
        let words = strings(schema, "enum");
        let text = match &node.value {
            Value::Text(text) | Value::Time(text) => Some(text.as_str()),
            _ => None,
        };
        let diagnostic = if let Some(text) = text.filter(|text| !words.is_empty() && !words.contains(text)) {
            let help = nearest(text, words.iter().copied()).map(|word| format!("did you mean \"{word}\"?"));
            let mistake = self.file.mistake(node.span.clone(), format!("`{name}` cannot be \"{text}\""));
            Some(mistake.label(format!("expected {}", format::expected(schema))).help(help))
        } else if let Some(complaint) = text.and_then(|text| format::complain(schema, text)) {
            let span = complaint.bytes.map_or(node.span.clone(), |bytes| span_within(self.file, node, bytes));
            let label =
                if complaint.help.is_some() { String::new() } else { format!("expected {}", format::expected(schema)) };
            Some(self.file.mistake(span, complaint.message).label(label).help(complaint.help))
        } else {
            format::out_of_range(schema, node).map(|expected| {
                self.file.mistake(node.span.clone(), format!("`{name}` is out of range")).label(expected)
            })
        };
        if let Some(diagnostic) = diagnostic {
            self.report.found.push(diagnostic);
            self.replace(node, schema);
        }
    }

    fn check_table(&mut self, node: &mut Node, schema: &Json, name: &str) {
        let span = node.span.clone();
        let Value::Table(entries) = &mut node.value else { return };
        self.settle_unknown(entries, schema, name);
        self.settle_one_of(entries, schema, name, &span);
        for key in strings(schema, "required") {
            if !entries.iter().any(|(known, _)| known.text == key) {
                let at = if name.is_empty() {
                    format!("the file has no `{key}`")
                } else {
                    format!("`{name}` has no `{key}`")
                };
                self.report.found.push(
                    self.file.mistake(span.clone(), at).label(format!("expected {}", self.expected_of(schema, key))),
                );
                self.insert(entries, schema, key, &span);
            }
        }
        for (key, value) in entries.iter_mut().filter(|(_, value)| !value.stand_in) {
            if let Some(schema) = property(schema, &key.text) {
                self.check(value, schema, &key.text);
            }
        }
    }

    /// Reports and drops keys that do not exist, and names that are not names.
    fn settle_unknown(&mut self, entries: &mut Vec<(Key, Node)>, schema: &Json, name: &str) {
        let known: Vec<&str> = schema
            .get("properties")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        let closed = schema.get("additionalProperties") == Some(&Json::Bool(false));
        let mut missed = Vec::new();
        entries.retain(|(key, _)| {
            let complaint = schema.get("propertyNames").and_then(|names| format::complain(names, &key.text));
            let diagnostic = if closed && !known.contains(&key.text.as_str()) {
                let within = if name.is_empty() { String::new() } else { format!(" in `{name}`") };
                missed.extend(nearest(&key.text, known.iter().copied()));
                self.file
                    .mistake(key.span.clone(), format!("unknown key `{}`{within}", key.text))
                    .help(suggestion(&key.text, known.iter().copied()))
            } else if let Some(complaint) = complaint {
                self.file.mistake(key.span.clone(), complaint.message)
            } else {
                return true;
            };
            self.report.found.push(diagnostic);
            false
        });
        // What was misspelt is not missing as well.
        for key in missed {
            let wanted = strings(schema, "required").contains(&key) || one_of(schema).contains(&key);
            if wanted && !entries.iter().any(|(known, _)| known.text == key) {
                self.insert(entries, schema, key, &(0..0));
            }
        }
    }

    /// Of some keys exactly one must be given: reports none and several, and keeps the first.
    fn settle_one_of(
        &mut self,
        entries: &mut Vec<(Key, Node)>,
        schema: &Json,
        name: &str,
        span: &std::ops::Range<usize>,
    ) {
        let choices = one_of(schema);
        let mut given: Vec<Key> = entries
            .iter()
            .filter(|(key, _)| choices.contains(&key.text.as_str()))
            .map(|(key, _)| key.clone())
            .collect();
        given.sort_by_key(|key| key.span.start);
        let expected = format!("expected exactly one of {}", choices.join(", "));
        if let [first, second, ..] = &given[..] {
            let message = format!("`{name}` has both `{}` and `{}`", first.text, second.text);
            self.report.found.push(self.file.mistake(second.span.clone(), message).label(expected));
            entries.retain(|(key, _)| key.text == first.text || !choices.contains(&key.text.as_str()));
        } else if let ([], [first, ..]) = (&given[..], &choices[..]) {
            self.report.found.push(self.file.mistake(span.clone(), format!("`{name}` says nothing")).label(expected));
            self.insert(entries, schema, first, span);
        }
    }

    fn expected_of(&self, schema: &Json, key: &str) -> String {
        property(schema, key).map_or_else(String::new, |schema| format::expected(resolve(self.schema, schema)))
    }

    fn insert(&mut self, entries: &mut Vec<(Key, Node)>, schema: &Json, key: &str, span: &std::ops::Range<usize>) {
        if let Some(schema) = property(schema, key) {
            let value = stand_in::stand_in(self.schema, schema, span);
            let place = entries.partition_point(|(known, _)| known.text.as_str() < key);
            entries.insert(place, (Key { text: key.to_owned(), span: span.clone() }, value));
        }
    }

    fn replace(&mut self, node: &mut Node, schema: &Json) {
        *node = stand_in::stand_in(self.schema, schema, &node.span);
    }
}

/// The schema of a key's value.
fn property<'s>(schema: &'s Json, key: &str) -> Option<&'s Json> {
    let named = schema.get("properties").and_then(|properties| properties.get(key));
    named.or_else(|| schema.get("additionalProperties").filter(|other| other.is_object()))
}

/// Whether a value is of one of these types; no types: any.
fn admits(types: &[&str], schema: &Json, node: &Node) -> bool {
    let one = |name: &&str| match (&node.value, *name) {
        (Value::Flag(_), "boolean")
        | (Value::Text(_), "string")
        | (Value::Array(_), "array")
        | (Value::Table(_), "object") => true,
        (Value::Integer(_), "integer" | "number") => true,
        (Value::Number(number), "number") => number.is_finite(),
        (Value::Time(_), "string") => schema.get("format") == Some(&"time".into()),
        _ => false,
    };
    types.is_empty() || types.iter().any(one)
}
