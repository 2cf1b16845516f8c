//! Columns that folders name, as `dt=2026-11-25/` does: every row of a file has its folder's value.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{ident, lit};

use super::File;
use super::learn::Known;
use super::text::{Column, Guess, Writing};

/// The value of rows that have none.
const NONE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The columns, with the type that all their values are of.
#[derive(Debug)]
pub(super) struct Parts {
    types: BTreeMap<String, DataType>,
    writing: Writing,
}

impl Parts {
    /// Of the files of a listing. A column of the files themselves goes before one of their folders.
    pub(super) fn of(files: &[Known]) -> Self {
        let writing = Writing { nulls: vec![NONE.to_owned()], ..Writing::default() };
        let mut guesses: BTreeMap<&String, Guess> = BTreeMap::new();
        for (key, value) in files.iter().flat_map(|known| &known.file.parts) {
            guesses.entry(key).or_default().see(Some(value), &writing);
        }
        let is_own = |key: &str| files.iter().any(|known| known.schema.field_with_name(key).is_ok());
        let settled = |guess: Guess| match guess.data_type() {
            DataType::Null => DataType::Utf8,
            known => known,
        };
        let types = guesses.into_iter().filter(|(key, _)| !is_own(key));
        Self { types: types.map(|(key, guess)| (key.clone(), settled(guess))).collect(), writing }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// The columns of a file and these.
    pub(super) fn added_to(&self, schema: SchemaRef) -> SchemaRef {
        if self.is_empty() {
            return schema;
        }
        let parts = self.types.iter().map(|(key, data_type)| Field::new(key, data_type.clone(), true));
        Arc::new(Schema::new(
            schema.fields().iter().map(|field| field.as_ref().clone()).chain(parts).collect::<Vec<_>>(),
        ))
    }

    /// The columns of a file alone.
    pub(super) fn removed_from(&self, schema: &SchemaRef) -> SchemaRef {
        let own = schema.fields().iter().filter(|field| !self.types.contains_key(field.name()));
        Arc::new(Schema::new(own.cloned().collect::<Vec<_>>()))
    }

    /// Rows of a file with the values of its folders.
    pub(super) fn beside(&self, frame: DataFrame, file: &File) -> Result<DataFrame, DataFusionError> {
        if self.is_empty() {
            return Ok(frame);
        }
        let mut columns: Vec<_> = frame.schema().fields().iter().map(|field| ident(field.name())).collect();
        for (key, data_type) in &self.types {
            let text = file.parts.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
            let mut column = Column::of(data_type);
            // All values made the type what it is.
            let value = match column.add(text, &self.writing) {
                Ok(()) => ScalarValue::try_from_array(&(column.finish() as ArrayRef), 0)?,
                Err(_) => ScalarValue::try_from(data_type)?,
            };
            columns.push(lit(value).alias(key));
        }
        frame.select(columns)
    }
}
