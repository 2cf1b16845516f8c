//! File formats: told by extension, read by DataFusion, and their columns learned from every file.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::file_format::FileFormat as Reader;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use watchkeeper_model::FileFormat;

/// Types of text files are learned from this many rows of each file.
const INFERRED_ROWS_MAX: usize = 1_000_000;

/// The format that a file's extension tells.
pub(crate) fn told_by(path: &str) -> Option<FileFormat> {
    let extension = path.rsplit('/').next()?.rsplit_once('.')?.1.to_ascii_lowercase();
    match extension.as_str() {
        "csv" => Some(FileFormat::Csv),
        "parquet" => Some(FileFormat::Parquet),
        "jsonl" | "ndjson" => Some(FileFormat::Jsonl),
        _ => None,
    }
}

/// DataFusion's reader of a format.
pub(crate) fn reader(format: FileFormat) -> Arc<dyn Reader> {
    match format {
        FileFormat::Csv => Arc::new(
            CsvFormat::default()
                .with_has_header(true)
                .with_newlines_in_values(true)
                .with_schema_infer_max_rec(INFERRED_ROWS_MAX),
        ),
        // Views of strings would give a column another type name than the same column of a CSV file.
        FileFormat::Parquet => Arc::new(ParquetFormat::default().with_force_view_types(false)),
        FileFormat::Jsonl => Arc::new(JsonFormat::default().with_schema_infer_max_rec(INFERRED_ROWS_MAX)),
    }
}

/// The columns of two files together. CSV is read by position, so its names must agree; the others are read by name.
pub(crate) fn join(format: FileFormat, known: &Schema, more: &Schema) -> Result<Schema, String> {
    let names = |schema: &Schema| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    if format == FileFormat::Csv && names(known) != names(more) {
        return Err(format!(
            "has the columns {}, while the files before it have {}",
            names(more).join(", "),
            names(known).join(", ")
        ));
    }
    let mut fields: Vec<Field> = known.fields().iter().map(|field| field.as_ref().clone()).collect();
    let before = fields.len();
    for field in more.fields() {
        match fields[..before].iter_mut().find(|one| one.name() == field.name()) {
            Some(one) => *one = join_field(format, one, field)?,
            None => fields.push(field.as_ref().clone().with_nullable(true)),
        }
    }
    for field in fields[..before].iter_mut().filter(|field| more.field_with_name(field.name()).is_err()) {
        *field = field.clone().with_nullable(true);
    }
    Ok(Schema::new(fields))
}

fn join_field(format: FileFormat, one: &Field, other: &Field) -> Result<Field, String> {
    let data_type = match (one.data_type(), other.data_type()) {
        (a, b) if a == b => a.clone(),
        (DataType::Null, known) | (known, DataType::Null) => known.clone(),
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => DataType::Float64,
        _ if format == FileFormat::Csv => DataType::Utf8,
        (a, b) => {
            return Err(format!("has the column `{}` as {b}, while the files before it have it as {a}", one.name()));
        }
    };
    Ok(Field::new(one.name(), data_type, one.is_nullable() || other.is_nullable()))
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
    }

    #[test]
    fn columns_join_by_name_and_only_kindred_types() {
        let a = schema(&[("x", DataType::Int64)]);
        let b = schema(&[("x", DataType::Float64), ("y", DataType::Utf8)]);
        let both = join(FileFormat::Jsonl, &a, &b).expect("kindred");
        assert_eq!(both.field(0).data_type(), &DataType::Float64);
        assert!(both.field(1).is_nullable());
        let error = join(FileFormat::Csv, &a, &b).expect_err("other columns");
        assert_eq!(error, "has the columns x, y, while the files before it have x");
        let text = schema(&[("x", DataType::Utf8)]);
        assert!(join(FileFormat::Parquet, &a, &text).expect_err("types").contains("`x` as Utf8"));
    }
}
