//! The lines of text files, looked at one by one where a column cannot be read: which line it is, and what it holds.

use datafusion::arrow::compute::kernels::cast_utils::string_to_datetime;
use datafusion::arrow::datatypes::DataType;
use datafusion::object_store::{ObjectStore, ObjectStoreExt};
use serde_json::Value;
use watchkeeper_engine::ports::frame::FieldKind;
use watchkeeper_model::FileFormat;

use super::listed::Listed;
use super::location::Location;
use super::text::unfit;
use super::timed::Texts;
use super::{File, Listing};
use crate::shape::{kind_of, word};

/// Larger files are not looked through for a sentence.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The text files of a source as they were listed.
#[derive(Debug)]
pub(crate) struct Lines {
    listing: Listing,
    location: Location,
    /// Of CSV and logs: how each is written.
    texts: Texts,
}

impl Lines {
    /// None for files that have no lines.
    pub(super) fn of(listing: &Listing, location: &Location, texts: &Texts) -> Option<Self> {
        let has_lines = listing.format != FileFormat::Parquet;
        has_lines.then(|| Self { listing: listing.clone(), location: location.clone(), texts: texts.clone() })
    }

    /// The first value of a column that is not of its type: `column `ms` of a.jsonl is integer: line 7 holds `soon``.
    pub(crate) async fn unfit(&self, column: &str, data_type: &DataType) -> Option<String> {
        self.first(column, data_type).await.map(|found| found.told(column, word(kind_of(data_type))))
    }

    /// Why a column is text that begins as if it were numbers: its first value that is none.
    pub(crate) async fn why_text(&self, column: &str) -> Option<String> {
        let found = self.first(column, &DataType::Float64).await.filter(|found| found.after > 0);
        found.map(|found| found.told(column, "text"))
    }

    async fn first(&self, column: &str, data_type: &DataType) -> Option<Found> {
        let store = Listed::new(self.location.store.clone(), &self.listing.files);
        let mut after = 0;
        for file in self.listing.files.iter().filter(|file| file.end <= BYTES_MAX) {
            let path = || self.location.show(&file.meta);
            let Some(text) = self.texts.get(&file.meta.location) else {
                for (line, value) in json_cells(&whole(&store, file).await?, column).filter(|(_, v)| !v.is_null()) {
                    if !fits(&value, data_type) {
                        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        return Some(Found { path: path(), line, text, after });
                    }
                    after += 1;
                }
                continue;
            };
            let (found, before) = text.first_unfit(&store, &file.meta, column, data_type).await.ok()?;
            after += before;
            if let Some((line, text)) = found {
                return Some(Found { path: path(), line, text, after });
            }
        }
        None
    }
}

/// A value that is not what it should be.
struct Found {
    path: String,
    line: u64,
    text: String,
    /// Values before it that were.
    after: u64,
}

impl Found {
    fn told(&self, column: &str, kind: &str) -> String {
        unfit(column, &self.path, kind, self.line, &self.text)
    }
}

async fn whole(store: &Listed, file: &File) -> Option<Vec<u8>> {
    let store: &dyn ObjectStore = store;
    Some(store.get(&file.meta.location).await.ok()?.bytes().await.ok()?.to_vec())
}

fn json_cells<'a>(text: &'a [u8], column: &'a str) -> impl Iterator<Item = (u64, Value)> + 'a {
    let lines = text.split(|byte| *byte == b'\n').zip(1..);
    lines.filter_map(move |(line, number)| {
        let mut object: Value = serde_json::from_slice(line).ok()?;
        Some((number, object.get_mut(column).map(Value::take).unwrap_or_default()))
    })
}

/// Whether a JSON value is read as a type.
fn fits(value: &Value, data_type: &DataType) -> bool {
    match (value, kind_of(data_type)) {
        (Value::String(text), FieldKind::Number) => text.trim().parse::<f64>().is_ok(),
        (Value::String(text), FieldKind::Time) => string_to_datetime(&chrono::Utc, text).is_ok(),
        (Value::String(_), FieldKind::Text) | (Value::Number(_), FieldKind::Number) => true,
        (Value::Number(number), FieldKind::Integer) => number.is_i64(),
        (Value::Bool(_), FieldKind::Flag) | (_, FieldKind::Other) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_the_lines_that_they_begin_on() {
        let cells: Vec<_> = json_cells(b"{\"a\": 1}\n{}\n{\"a\": \"x\"}\n", "a").collect();
        assert_eq!(cells, [(1, Value::from(1)), (2, Value::Null), (3, Value::from("x"))]);
    }
}
