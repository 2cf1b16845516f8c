//! A vendor's document, read from its file and brought into the words of JSON Schema.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use jsonschema::Draft;
use serde_json::{Value, json};

use crate::{
    Exchange, Vendor, Violation, answer, body,
    operation::{self, Operation},
    parameters,
};

/// A loaded document.
#[derive(Debug)]
pub struct Document {
    pub(crate) vendor: Vendor,
    pub(crate) root: Value,
    pub(crate) draft: Draft,
}

impl Document {
    /// Reads the vendor's document in this folder.
    ///
    /// # Errors
    /// When the file cannot be read, or is neither OpenAPI 3 nor Swagger 2.
    pub fn load(folder: &Path, vendor: Vendor) -> Result<Self> {
        let path = folder.join(vendor.file());
        let missing = || format!("cannot read {}; crates/testkit/README.md says where it comes from", path.display());
        Self::parse(vendor, &fs::read_to_string(&path).with_context(missing)?)
    }

    /// Reads a document from its text, JSON or YAML.
    ///
    /// # Errors
    /// When it is neither OpenAPI 3 nor Swagger 2.
    pub fn parse(vendor: Vendor, text: &str) -> Result<Self> {
        let mut root: Value = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).with_context(|| format!("{} is not JSON", vendor.file()))?
        } else {
            serde_saphyr::from_str(text).with_context(|| format!("{} is not YAML", vendor.file()))?
        };
        let version = root["openapi"].as_str().or(root["swagger"].as_str()).unwrap_or_default().to_owned();
        ensure!(version.starts_with("3.") || version == "2.0", "{}: neither OpenAPI 3 nor Swagger 2", vendor.file());
        // From 3.1 on, schemas are JSON Schema as it is; before, they are nearest to its fourth draft.
        let draft = if version.starts_with("3.0") || version == "2.0" { Draft::Draft4 } else { Draft::Draft202012 };
        allow_null(&mut root);
        vendor.amend(&mut root);
        Ok(Self { vendor, root, draft })
    }

    /// Validates an exchange; tells what was validated, as `FILE request|answer OPERATION` lines separated by tabs.
    ///
    /// # Errors
    /// The first violation.
    pub fn check(&self, exchange: &Exchange) -> Result<Vec<String>, Violation> {
        let operation = operation::find(self, exchange)?;
        let mut counted = Vec::new();
        if self.vendor.asks() {
            parameters::check(&operation, exchange)?;
            body::check(&operation, exchange)?;
            counted.push(format!("{}\trequest\t{}", self.vendor.file(), operation.name));
        }
        if let Some(given) = &exchange.answer
            && let Some(part) = answer::check(&operation, given)?
        {
            counted.push(format!("{}\t{part}\t{}", self.vendor.file(), operation.name));
        }
        Ok(counted)
    }

    /// What does not fit the schema; references in it are looked up in the document.
    pub(crate) fn mismatch(&self, schema: &Value, instance: &Value) -> Option<(String, String)> {
        let mut whole = self.root.clone();
        whole["checked"] = schema.clone();
        let schema = json!({ "$ref": "#/document/checked", "document": at_document(whole) });
        match jsonschema::options().with_draft(self.draft).build(&schema) {
            Err(error) => Some((String::new(), format!("the document's schema cannot be used: {error}"))),
            Ok(validator) => {
                let error = validator.iter_errors(instance).next()?;
                Some((error.instance_path().to_string(), error.to_string()))
            }
        }
    }

    pub(crate) fn violation(&self, operation: &str, part: &str, place: &str, expected: String) -> Violation {
        let [operation, part, place] = [operation, part, place].map(str::to_owned);
        Violation { document: self.vendor.file().to_owned(), operation, part, place, expected }
    }
}

impl Operation<'_> {
    /// Validates a value of this operation against a schema of its document.
    pub(crate) fn fits(&self, schema: &Value, value: &Value, part: &str) -> Result<(), Violation> {
        match self.document.mismatch(schema, value) {
            Some((place, expected)) => Err(self.violation(part, &place, expected)),
            None => Ok(()),
        }
    }

    pub(crate) fn violation(&self, part: &str, place: &str, expected: String) -> Violation {
        self.document.violation(&self.name, part, place, expected)
    }
}

/// OpenAPI 3.0's `nullable` in the words of JSON Schema.
fn allow_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("nullable") == Some(&json!(true))
                && let Some(Value::String(kind)) = object.get("type")
            {
                let kinds = json!([kind, "null"]);
                object.insert("type".to_owned(), kinds);
            }
            object.values_mut().for_each(allow_null);
        }
        Value::Array(values) => values.iter_mut().for_each(allow_null),
        _ => {}
    }
}

/// References begin at the document's root, which stands one level deeper in the schema: its own fields are no keywords.
fn at_document(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            .map(|(key, value)| match (key.as_str(), &value) {
                ("$ref", Value::String(to)) => (key, json!(to.replacen("#/", "#/document/", 1))),
                _ => (key, at_document(value)),
            })
            .collect(),
        Value::Array(values) => values.into_iter().map(at_document).collect(),
        other => other,
    }
}
