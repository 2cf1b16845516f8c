//! The kind `http`: a JSON document behind a URL, of which an array of objects is the rows.

mod pages;

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::infer_json_schema_from_iterator;
use serde_json::Value;
use url::Url;
use watchkeeper_engine::ports::frame::{FrameError, FrameFault};
use watchkeeper_model::{FileFormat, HttpSource};
use watchkeeper_secret::SecretReader;

use super::files::{said, settle};
use crate::fault::{Why, malformed};
use crate::kept::Kept;
use crate::table::{Stamp, Table};
use crate::web;

/// What all pages together may hold.
const TEXT_BYTES_MAX: usize = 256 << 20;

/// A document behind a URL.
#[derive(Debug)]
pub(crate) struct Http {
    source: HttpSource,
    secrets: SecretReader,
    kept: Kept,
}

impl Http {
    pub(crate) fn new(source: HttpSource, secrets: SecretReader, kept: Kept) -> Self {
        Self { source, secrets, kept }
    }

    /// The rows of the document as it is now; decoded anew only when its text has changed.
    pub(crate) async fn read(&self, name: &str, time_column: Option<&str>) -> Result<Arc<Table>, FrameError> {
        let text = self.stamp().await.map_err(|why| why.of(name))?;
        let read = async |stamp: Arc<Stamp>| {
            let rows = rows(name, &self.source, stamp.document.as_deref().unwrap_or_default())?;
            Table::of_rows(name, time_column, stamp, rows)
        };
        self.kept.or_read(Stamp { document: Some(text), ..Stamp::default() }, read).await
    }

    /// The document's text; of several pages one after another.
    async fn stamp(&self) -> Result<Vec<u8>, Why> {
        let source = &self.source;
        let first = Url::parse(&source.url).map_err(|error| format!("its `url` cannot be used: {error}"))?;
        let (mut text, mut asked, mut next) = (Vec::new(), BTreeSet::new(), Some(first.clone()));
        while let Some(url) = next.take() {
            let place = web::shown(&url);
            let answer = web::get(url.clone(), source.token.as_ref(), &self.secrets, source.timeout).await?;
            if !answer.status.is_success() {
                return Err(answer.refusal(&place));
            }
            if let Some(pages) = &source.pages {
                asked.insert(url.clone());
                next = pages::next(&first, &url, &pages.next, &answer)?;
                let again = next.as_ref().is_some_and(|next| asked.contains(next));
                let refused = match next {
                    Some(_) if again => Some("sends from page to page in a circle; check its `pages`".to_owned()),
                    Some(_) if asked.len() >= pages.max as usize => {
                        Some(format!("has more than {} pages; ask for less, or raise `max` of its `pages`", pages.max))
                    }
                    _ => None,
                };
                if let Some(what) = refused {
                    return Err(Why::new(FrameFault::Refused, format!("{place} {what}")));
                }
            }
            text.extend(answer.body);
            text.push(b'\n');
            if text.len() > TEXT_BYTES_MAX {
                let what = format!("{place} and its next pages give more than 256 MiB; ask for less");
                return Err(Why::new(FrameFault::Refused, what));
            }
        }
        Ok(text)
    }
}

/// The rows in a document.
fn rows(name: &str, source: &HttpSource, text: &[u8]) -> Result<RecordBatch, FrameError> {
    let place = Url::parse(&source.url).map_or_else(|_| "its `url`".to_owned(), |url| web::shown(&url));
    let at = if source.pointer.is_empty() { "the document".to_owned() } else { format!("`{}`", source.pointer) };
    let mut items = Vec::new();
    for document in serde_json::Deserializer::from_slice(text).into_iter::<Value>() {
        let mut document = document
            .map_err(|error| malformed(name, format!("what {place} gives is not JSON: {error}; check its `url`")))?;
        let found = document.pointer_mut(&source.pointer).ok_or_else(|| {
            malformed(name, format!("there is nothing at {at} in what {place} gives; check its `pointer`"))
        })?;
        match found.take() {
            Value::Array(more) => items.extend(more),
            other => {
                let what = format!("{at} in what {place} gives is {}, not an array; check its `pointer`", kind(&other));
                return Err(malformed(name, what));
            }
        }
    }
    if let Some(other) = items.iter().find(|item| !item.is_object()) {
        return Err(malformed(name, format!("{at} in what {place} gives holds {}, not only objects", kind(other))));
    }
    if items.is_empty() && source.columns.is_empty() {
        let what = format!(
            "{at} in what {place} gives is empty, so its columns are unknown; name them in its `columns`, or let it hold \
             at least one object"
        );
        return Err(malformed(name, what));
    }
    batch(&items, source).map_err(|error| {
        malformed(name, format!("the objects at {at} in what {place} gives do not make a table: {error}"))
    })
}

fn batch(items: &[Value], source: &HttpSource) -> Result<RecordBatch, ArrowError> {
    let learned = infer_json_schema_from_iterator(items.iter().map(Ok))?;
    let learned = settle(FileFormat::Jsonl, Schema::new(learned.fields));
    let own = learned.fields().iter().filter(|field| !source.columns.contains_key(field.name()));
    let own = own.map(|field| field.as_ref().clone());
    let declared = source.columns.iter().map(|(name, column)| Field::new(name, said(*column, &DataType::Null), true));
    let schema = Arc::new(Schema::new(own.chain(declared).collect::<Vec<_>>()));
    if items.is_empty() {
        return Ok(RecordBatch::new_empty(schema));
    }
    let builder = ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(items.len());
    // A number where a text is declared is its digits.
    let mut decoder = builder.with_coerce_primitive(!source.columns.is_empty()).build_decoder()?;
    decoder.serialize(items)?;
    Ok(decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(schema)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
