//! The kind `http`: a JSON document behind a URL, of which an array of objects is the rows.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::infer_json_schema_from_iterator;
use serde_json::Value;
use url::Url;
use watchkeeper_engine::ports::frame::FrameError;
use watchkeeper_model::{FileFormat, HttpSource};
use watchkeeper_secret::SecretReader;

use super::files::settle;
use crate::fault::{Why, malformed};
use crate::kept::Kept;
use crate::table::{Stamp, Table};
use crate::web;

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

    /// The document's text.
    async fn stamp(&self) -> Result<Vec<u8>, Why> {
        let source = &self.source;
        let url = Url::parse(&source.url).map_err(|error| format!("its `url` cannot be used: {error}"))?;
        let place = web::shown(&url);
        let answer = web::get(url, source.token.as_ref(), &self.secrets, source.timeout).await?;
        if answer.status.is_success() { Ok(answer.body) } else { Err(answer.refusal(&place)) }
    }
}

/// The rows in a document.
fn rows(name: &str, source: &HttpSource, text: &[u8]) -> Result<RecordBatch, FrameError> {
    let place = Url::parse(&source.url).map_or_else(|_| "its `url`".to_owned(), |url| web::shown(&url));
    let document: Value = serde_json::from_slice(text)
        .map_err(|error| malformed(name, format!("what {place} gives is not JSON: {error}; check its `url`")))?;
    let at = if source.pointer.is_empty() { "the document".to_owned() } else { format!("`{}`", source.pointer) };
    let found = document.pointer(&source.pointer).ok_or_else(|| {
        malformed(name, format!("there is nothing at {at} in what {place} gives; check its `pointer`"))
    })?;
    let Value::Array(items) = found else {
        return Err(malformed(
            name,
            format!("{at} in what {place} gives is {}, not an array; check its `pointer`", kind(found)),
        ));
    };
    if let Some(other) = items.iter().find(|item| !item.is_object()) {
        return Err(malformed(name, format!("{at} in what {place} gives holds {}, not only objects", kind(other))));
    }
    if items.is_empty() {
        let what =
            format!("{at} in what {place} gives is empty, so its columns are unknown; let it hold at least one object");
        return Err(malformed(name, what));
    }
    batch(items).map_err(|error| {
        malformed(name, format!("the objects at {at} in what {place} gives do not make a table: {error}"))
    })
}

fn batch(items: &[Value]) -> Result<RecordBatch, ArrowError> {
    let learned = infer_json_schema_from_iterator(items.iter().map(Ok))?;
    let schema = Arc::new(settle(FileFormat::Jsonl, Schema::new(learned.fields)));
    let mut decoder = ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(items.len()).build_decoder()?;
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
