//! File formats: told by extension, read by DataFusion, and their columns learned from every file.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::datasource::file_format::FileFormat as Reader;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use watchkeeper_model::FileFormat;

use super::text::Packing;

/// Types of text files are learned from this many rows of each file.
const INFERRED_ROWS_MAX: usize = 1_000_000;

/// The format that a file's extension tells.
pub(super) fn told_by(path: &str) -> Option<FileFormat> {
    let (packing, plain) = Packing::of(path);
    let extension = plain.rsplit('/').next()?.rsplit_once('.')?.1.to_ascii_lowercase();
    match extension.as_str() {
        "csv" | "tsv" => Some(FileFormat::Csv),
        "log" => Some(FileFormat::Log),
        _ if packing != Packing::Plain => None,
        "parquet" => Some(FileFormat::Parquet),
        "jsonl" | "ndjson" => Some(FileFormat::Jsonl),
        _ => None,
    }
}

/// Whether a format is texts, which are read here and not by DataFusion.
pub(super) const fn is_text(format: FileFormat) -> bool {
    matches!(format, FileFormat::Csv | FileFormat::Log)
}

/// DataFusion's reader of a format.
pub(super) fn reader(format: FileFormat) -> Arc<dyn Reader> {
    match format {
        // Views of strings would give a column another type name than the same column of a CSV file.
        FileFormat::Parquet => Arc::new(ParquetFormat::default().with_force_view_types(false)),
        _ => Arc::new(JsonFormat::default().with_schema_infer_max_rec(INFERRED_ROWS_MAX)),
    }
}

/// The columns of one file among others, each of the type that all files can be read in where a text only suggests it.
pub(super) fn in_common(format: FileFormat, own: &Schema, all: &[SchemaRef]) -> SchemaRef {
    if format == FileFormat::Parquet {
        return Arc::new(own.clone());
    }
    let common = |field: &Field| {
        let types =
            all.iter().filter_map(|schema| Some(schema.field_with_name(field.name()).ok()?.data_type().clone()));
        types.map(Some).reduce(|one, other| kindred(&one?, &other?)).flatten()
    };
    let fields = own.fields().iter().map(|field| {
        let data_type = common(field).unwrap_or_else(|| field.data_type().clone());
        field.as_ref().clone().with_data_type(data_type)
    });
    Arc::new(settle(format, Schema::new(fields.collect::<Vec<_>>())))
}

/// The type that both are read in; none where they are different things.
fn kindred(one: &DataType, other: &DataType) -> Option<DataType> {
    match (one, other) {
        (a, b) if a == b => Some(a.clone()),
        (DataType::Null, known) | (known, DataType::Null) => Some(known.clone()),
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => Some(DataType::Float64),
        (DataType::Date32, time @ DataType::Timestamp(..)) | (time @ DataType::Timestamp(..), DataType::Date32) => {
            Some(time.clone())
        }
        (DataType::Timestamp(a, zone), DataType::Timestamp(b, other)) if zone == other => {
            Some(DataType::Timestamp(*a.max(b), zone.clone()))
        }
        _ => None,
    }
}

/// A text file's column without a single value is text: that is what an empty cell is made of.
pub(crate) fn settle(format: FileFormat, schema: Schema) -> Schema {
    if format == FileFormat::Parquet {
        return schema;
    }
    let settled = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Null => Field::new(field.name(), DataType::Utf8, true),
        _ => field.as_ref().clone(),
    });
    Schema::new(settled.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &[(&str, DataType)]) -> Schema {
        Schema::new(
            fields.iter().map(|(name, data_type)| Field::new(*name, data_type.clone(), false)).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn the_extension_tells_the_format() {
        assert_eq!(told_by("a/b.CSV"), Some(FileFormat::Csv));
        assert_eq!(told_by("b.ndjson"), Some(FileFormat::Jsonl));
        assert_eq!(told_by("dir.csv/b"), None);
        assert_eq!(told_by("a.csv.gz"), Some(FileFormat::Csv));
        assert_eq!(told_by("a.parquet.gz"), None);
    }

    #[test]
    fn what_a_text_only_suggests_is_one_type_and_different_things_stay_apart() {
        let whole = Arc::new(schema(&[("x", DataType::Int64)]));
        let parts = Arc::new(schema(&[("x", DataType::Float64), ("y", DataType::Utf8)]));
        let words = Arc::new(schema(&[("x", DataType::Utf8)]));
        let kind =
            |own: &SchemaRef, all: &[SchemaRef]| in_common(FileFormat::Csv, own, all).field(0).data_type().clone();
        assert_eq!(kind(&whole, &[whole.clone(), parts.clone()]), DataType::Float64);
        assert_eq!(kind(&whole, &[whole.clone(), parts.clone(), words.clone()]), DataType::Int64);
        assert_eq!(kind(&words, &[whole, parts, words.clone()]), DataType::Utf8);
    }
}
