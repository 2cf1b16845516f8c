//! What is known of a frame before a row is read: its columns, their kinds, and the one windows are cut on.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use watchkeeper_engine::ports::frame::{Field, FieldKind, FrameError, FrameFault};

use crate::fault::{Why, fault_of, is_misreading, malformed, missing, nearest, reason, refused};
use crate::kind::Lines;

/// The columns of a frame.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The source's name, for messages.
    pub(crate) source: String,
    /// The arrow types.
    pub(crate) schema: SchemaRef,
    /// The columns as the port shows them.
    pub(crate) fields: Vec<Field>,
    /// Index of the time column.
    pub(crate) time: Option<usize>,
    /// The lines of its files, where they are texts.
    lines: Option<Lines>,
}

impl Shape {
    /// Reads the columns; refuses none, one name twice, and a time column that is missing or holds no times.
    pub(crate) fn new(source: &str, schema: SchemaRef, time_column: Option<&str>) -> Result<Self, FrameError> {
        let fields: Vec<Field> = fields(&schema);
        let mut shape = Self { source: source.to_owned(), schema, fields, time: None, lines: None };
        shape.refuse_doubled_names()?;
        if let Some(name) = time_column {
            let index = shape.index(name).map_err(|_| shape.no_time_column(name))?;
            shape.refuse_timeless(index)?;
            shape.time = Some(index);
        }
        Ok(shape)
    }

    /// With the lines of its files, for what is said of a value that cannot be read.
    pub(crate) fn with_lines(mut self, lines: Option<Lines>) -> Self {
        self.lines = lines;
        self
    }

    /// An error while some of its columns were read: the first value among them that is not what it should be.
    pub(crate) async fn unread_in(&self, columns: &[usize], error: &DataFusionError) -> FrameError {
        if is_misreading(error) {
            return self.malformed(reason(error));
        }
        if let (Some(lines), FrameFault::Malformed) = (&self.lines, fault_of(error)) {
            for column in columns {
                let (name, data_type) = (&self.fields[*column].name, self.schema.field(*column).data_type());
                if let Some(what) = lines.unfit(name, data_type).await {
                    return self.malformed(what);
                }
            }
        }
        self.unread(error)
    }

    /// Why a column of text is no column of numbers, where it begins like one.
    pub(crate) async fn why_text(&self, column: &str) -> Option<String> {
        self.lines.as_ref()?.why_text(column).await
    }

    /// The position of a column, or an error with the names near it.
    pub(crate) fn index(&self, column: &str) -> Result<usize, FrameError> {
        self.fields
            .iter()
            .position(|field| field.name == column)
            .ok_or_else(|| self.missing(format!("there is no column `{column}`{}", nearest(column, self.names()))))
    }

    /// The position of a column that can be read, not just counted.
    pub(crate) fn readable(&self, column: &str) -> Result<usize, FrameError> {
        let index = self.index(column)?;
        let field = &self.fields[index];
        match field.kind {
            FieldKind::Other => Err(self.refused(format!(
                "the column `{column}` is {}, which can only be counted, not read; convert it in a view",
                field.data_type
            ))),
            _ => Ok(index),
        }
    }

    /// Why no window can be cut from it.
    pub(crate) fn windowless(&self) -> FrameError {
        self.refused("a window is asked of it, but it has no time column; set its `time_column`")
    }

    /// What cannot be asked of this source.
    pub(crate) fn refused(&self, what: impl std::fmt::Display) -> FrameError {
        refused(&self.source, what)
    }

    /// What is not there in this source.
    pub(crate) fn missing(&self, what: impl std::fmt::Display) -> FrameError {
        missing(&self.source, what)
    }

    /// What cannot be read in this source.
    pub(crate) fn malformed(&self, what: impl std::fmt::Display) -> FrameError {
        malformed(&self.source, what)
    }

    /// An error while it was read.
    pub(crate) fn unread(&self, error: &DataFusionError) -> FrameError {
        if is_misreading(error) {
            return self.malformed(reason(error));
        }
        Why::new(fault_of(error), format!("cannot be read: {}", reason(error))).of(&self.source)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    fn no_time_column(&self, name: &str) -> FrameError {
        self.missing(format!("its `time_column` names `{name}`, which is not a column{}", nearest(name, self.names())))
    }

    fn refuse_doubled_names(&self) -> Result<(), FrameError> {
        let mut seen = BTreeSet::new();
        match self.names().find(|name| !seen.insert(*name)) {
            Some(name) => Err(self.refused(format!(
                "the column `{name}` stands twice; list the columns wanted, each with a name of its own"
            ))),
            None if self.fields.is_empty() => Err(self.refused("there are no columns")),
            None => Ok(()),
        }
    }

    fn refuse_timeless(&self, index: usize) -> Result<(), FrameError> {
        let field = &self.fields[index];
        let timely = matches!(field.kind, FieldKind::Time | FieldKind::Text) || field.data_type == "Null";
        if timely {
            return Ok(());
        }
        Err(self.refused(format!(
            "its time column `{}` is {}, not a time; store it as a timestamp, a date or RFC 3339 text, or convert it in a view",
            field.name, field.data_type
        )))
    }
}

/// The columns of a schema as the port shows them.
fn fields(schema: &Schema) -> Vec<Field> {
    let field = |field: &datafusion::arrow::datatypes::FieldRef| Field {
        name: field.name().clone(),
        kind: kind_of(field.data_type()),
        data_type: field.data_type().to_string(),
        nullable: field.is_nullable(),
    };
    schema.fields().iter().map(field).collect()
}

/// How a check may read an arrow type.
pub(crate) fn kind_of(data_type: &DataType) -> FieldKind {
    match data_type {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => FieldKind::Number,
        decimal if decimal.is_decimal() => FieldKind::Number,
        integer if integer.is_integer() => FieldKind::Integer,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => FieldKind::Text,
        DataType::Boolean => FieldKind::Flag,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => FieldKind::Time,
        DataType::Dictionary(_, values) => kind_of(values),
        _ => FieldKind::Other,
    }
}

/// A kind in a sentence.
pub(crate) const fn word(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Number => "number",
        FieldKind::Integer => "integer",
        FieldKind::Text => "text",
        FieldKind::Flag => "flag",
        FieldKind::Time => "time",
        FieldKind::Other => "of no kind that is read",
    }
}
