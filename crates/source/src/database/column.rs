//! Columns and values of a database in the few forms that checks know.

use datafusion::arrow::datatypes::{DataType, Field as ArrowField, Schema, TimeUnit};

use crate::shape::kind_of;

/// What a column holds, whatever the database calls its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Floats and decimals.
    Number,
    /// Integers of every width.
    Integer,
    /// Strings.
    Text,
    /// Booleans.
    Flag,
    /// Times with a zone.
    Zoned,
    /// Times without one; they are UTC.
    Naive,
    /// Days.
    Date,
    /// Anything else, read as the text that the database shows.
    Other,
}

/// A column as the database has it.
#[derive(Debug, Clone)]
pub(crate) struct Native {
    pub(crate) name: String,
    /// The database's own name of its type.
    pub(crate) type_name: String,
    pub(crate) nullable: bool,
    pub(crate) form: Form,
}

/// A value of a one-row answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Number(f64),
    Text(String),
}

impl Form {
    /// Whether it is a time.
    pub(crate) fn is_time(self) -> bool {
        matches!(self, Self::Zoned | Self::Naive | Self::Date)
    }

    /// The form of what a planned query gives.
    pub(crate) fn of_arrow(data_type: &DataType) -> Self {
        use watchkeeper_engine::ports::frame::FieldKind;
        match (kind_of(data_type), data_type) {
            (FieldKind::Number, _) => Self::Number,
            (FieldKind::Integer, _) => Self::Integer,
            (FieldKind::Flag, _) => Self::Flag,
            (FieldKind::Time, DataType::Timestamp(_, Some(_))) => Self::Zoned,
            (FieldKind::Time, DataType::Date32 | DataType::Date64) => Self::Date,
            (FieldKind::Time, _) => Self::Naive,
            (FieldKind::Text, _) | (FieldKind::Other, DataType::Null) => Self::Text,
            (FieldKind::Other, _) => Self::Other,
        }
    }

    /// The arrow type that says the same.
    pub(crate) fn arrow(self) -> DataType {
        match self {
            Self::Number => DataType::Float64,
            Self::Integer => DataType::Int64,
            Self::Text => DataType::Utf8,
            Self::Flag => DataType::Boolean,
            Self::Zoned => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
            Self::Naive => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Date => DataType::Date32,
            Self::Other => DataType::Binary,
        }
    }
}

/// The arrow schema of some columns.
pub(crate) fn schema(columns: &[Native]) -> Schema {
    let field = |column: &Native| ArrowField::new(&column.name, column.form.arrow(), column.nullable);
    Schema::new(columns.iter().map(field).collect::<Vec<_>>())
}
