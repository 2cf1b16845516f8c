//! The lines of text files, looked at one by one where a column cannot be read: which line it is, and what it holds.

use datafusion::arrow::compute::kernels::cast_utils::string_to_datetime;
use datafusion::arrow::datatypes::DataType;
use datafusion::object_store::{ObjectStore, ObjectStoreExt};
use serde_json::Value;
use watchkeeper_engine::ports::frame::FieldKind;
use watchkeeper_model::FileFormat;

use super::listed::Listed;
use super::location::Location;
use super::{File, Listing};
use crate::shape::kind_of;

/// Larger files are not looked through for a sentence.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How much of a value is shown.
const SHOWN_CHARS_MAX: usize = 40;

/// The text files of a source as they were listed.
#[derive(Debug)]
pub(crate) struct Lines {
    listing: Listing,
    location: Location,
}

impl Lines {
    /// None for files that have no lines.
    pub(super) fn of(listing: &Listing, location: &Location) -> Option<Self> {
        let has_lines = listing.format != FileFormat::Parquet;
        has_lines.then(|| Self { listing: listing.clone(), location: location.clone() })
    }

    /// The first value of a column that is not of its type: `column `ms` of a.jsonl is integer: line 7 holds `soon``.
    pub(crate) async fn unfit(&self, column: &str, data_type: &DataType) -> Option<String> {
        let fits = |value: &Value| fits(value, data_type);
        self.first(column, fits).await.map(|found| found.told(column, word(kind_of(data_type))))
    }

    /// Why a column is text that begins as if it were numbers: its first value that is none.
    pub(crate) async fn why_text(&self, column: &str) -> Option<String> {
        self.first(column, |value| fits(value, &DataType::Float64))
            .await
            .filter(|found| found.after > 0)
            .map(|found| found.told(column, "text"))
    }

    async fn first(&self, column: &str, fits: impl Fn(&Value) -> bool) -> Option<Found> {
        let store = Listed::new(self.location.store.clone(), &self.listing.files);
        let mut after = 0;
        for file in self.listing.files.iter().filter(|file| file.end <= BYTES_MAX) {
            let text = whole(&store, file).await?;
            let cells: Box<dyn Iterator<Item = (u64, Value)>> = match self.listing.format {
                FileFormat::Csv => Box::new(csv_cells(&text, column)?),
                FileFormat::Jsonl => Box::new(json_cells(&text, column)),
                FileFormat::Parquet => return None,
            };
            for (line, value) in cells.filter(|(_, value)| !value.is_null()) {
                if !fits(&value) {
                    return Some(Found { path: self.location.show(&file.meta), line, value, after });
                }
                after += 1;
            }
        }
        None
    }
}

/// A value that is not what it should be.
struct Found {
    path: String,
    line: u64,
    value: Value,
    /// Values before it that were.
    after: u64,
}

impl Found {
    fn told(&self, column: &str, kind: &str) -> String {
        let value = match &self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let shown: String = value.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS_MAX).collect();
        let (path, line) = (&self.path, grouped(self.line));
        format!(
            "column `{column}` of {path} is {kind}: line {line} of it holds `{shown}`; correct it, or convert the column in a view"
        )
    }
}

async fn whole(store: &Listed, file: &File) -> Option<Vec<u8>> {
    let store: &dyn ObjectStore = store;
    Some(store.get(&file.meta.location).await.ok()?.bytes().await.ok()?.to_vec())
}

/// The cells of a column with their lines; empty ones are null.
fn csv_cells<'a>(text: &'a [u8], column: &str) -> Option<impl Iterator<Item = (u64, Value)> + 'a> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let place = reader.headers().ok()?.iter().position(|name| name == column)?;
    let cell = move |record: csv::StringRecord| {
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(place).unwrap_or_default();
        (line, if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) })
    };
    Some(reader.into_records().filter_map(Result::ok).map(cell))
}

fn json_cells<'a>(text: &'a [u8], column: &'a str) -> impl Iterator<Item = (u64, Value)> + 'a {
    let lines = text.split(|byte| *byte == b'\n').zip(1..);
    lines.filter_map(move |(line, number)| {
        let mut object: Value = serde_json::from_slice(line).ok()?;
        Some((number, object.get_mut(column).map(Value::take).unwrap_or_default()))
    })
}

/// Whether a value is read as a type; of a CSV file all are texts.
fn fits(value: &Value, data_type: &DataType) -> bool {
    match (value, kind_of(data_type)) {
        (Value::String(text), FieldKind::Number) => text.trim().parse::<f64>().is_ok(),
        (Value::String(text), FieldKind::Integer) => text.trim().parse::<i64>().is_ok(),
        (Value::String(text), FieldKind::Flag) => matches!(text.to_ascii_lowercase().as_str(), "true" | "false"),
        (Value::String(text), FieldKind::Time) => string_to_datetime(&chrono::Utc, text).is_ok(),
        (Value::String(_), FieldKind::Text) | (Value::Number(_), FieldKind::Number) => true,
        (Value::Number(number), FieldKind::Integer) => number.is_i64(),
        (Value::Bool(_), FieldKind::Flag) | (_, FieldKind::Other) => true,
        _ => false,
    }
}

fn word(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Number => "number",
        FieldKind::Integer => "integer",
        FieldKind::Text => "text",
        FieldKind::Flag => "flag",
        FieldKind::Time => "time",
        FieldKind::Other => "of no kind that is read",
    }
}

/// `8,112`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_grouped_by_thousands() {
        assert_eq!([7, 812, 8_112, 1_000_000].map(grouped), ["7", "812", "8,112", "1,000,000"]);
    }

    #[test]
    fn cells_have_the_lines_that_they_begin_on() {
        let cells: Vec<_> = csv_cells(b"a,b\n1,\"x\ny\"\n,2\n", "a").expect("a column").collect();
        assert_eq!(cells, [(2, Value::from("1")), (4, Value::Null)]);
        let cells: Vec<_> = json_cells(b"{\"a\": 1}\n{}\n{\"a\": \"x\"}\n", "a").collect();
        assert_eq!(cells, [(1, Value::from(1)), (2, Value::Null), (3, Value::from("x"))]);
    }
}
