//! Rows as SQL that makes a table of them.

use std::fmt::Write;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type,
};
use datafusion::arrow::{compute::cast, datatypes::TimeUnit, util::display::array_value_to_string};

/// A table in SQLite, of strict types where it has them; what is not a number is null there. `exact` makes a float of its bits, as
/// SQLite may read the last digit of a text otherwise.
pub(crate) fn sqlite(name: &str, batch: &RecordBatch) -> String {
    let type_of = |data_type: &DataType| match data_type {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Float32 => "float".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Decimal128(digits, scale) => format!("numeric({digits}, {scale})"),
        DataType::UInt64 => "numeric".to_owned(),
        data_type if data_type.is_integer() => format!("{data_type}").to_lowercase(),
        DataType::Timestamp(..) | DataType::Date32 => "timestamp".to_owned(),
        _ => "text".to_owned(),
    };
    script(name, batch, type_of, |array, row| match array.data_type() {
        DataType::UInt64 => format!("{:?}", array.as_primitive::<UInt64Type>().value(row) as f64),
        DataType::Float32 | DataType::Float64 => match float(array, row) {
            x if x.is_nan() => "null".to_owned(),
            x if x.is_infinite() => format!("{}9e999", if x < 0.0 { "-" } else { "" }),
            x => format!("exact({})", x.to_bits().cast_signed()),
        },
        _ => plain(array, row),
    })
}

/// A table in PostgreSQL.
pub(crate) fn postgres(name: &str, batch: &RecordBatch) -> String {
    let type_of = |data_type: &DataType| match data_type {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "float8".to_owned(),
        DataType::Decimal128(digits, scale) => format!("numeric({digits}, {scale})"),
        DataType::UInt64 => "numeric".to_owned(),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => "smallint".to_owned(),
        DataType::Int32 | DataType::UInt16 => "integer".to_owned(),
        data_type if data_type.is_integer() => "bigint".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamptz".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Date32 => "date".to_owned(),
        _ => "text".to_owned(),
    };
    script(name, batch, type_of, |array, row| match array.data_type() {
        DataType::Float32 | DataType::Float64 => match float(array, row) {
            x if x.is_finite() => format!("{x:?}"),
            x if x.is_nan() => "'NaN'".to_owned(),
            x => format!("'{}Infinity'", if x < 0.0 { "-" } else { "" }),
        },
        _ => plain(array, row),
    })
}

fn script(
    name: &str,
    batch: &RecordBatch,
    type_of: impl Fn(&DataType) -> String,
    value: impl Fn(&ArrayRef, usize) -> String,
) -> String {
    let schema = batch.schema();
    let columns = schema.fields().iter().map(|field| {
        let not_null = if field.is_nullable() { "" } else { " not null" };
        format!("{} {}{not_null}", quoted(field.name()), type_of(field.data_type()))
    });
    let mut script = format!("create table {} ({});\n", quoted(name), columns.collect::<Vec<_>>().join(", "));
    let rows = (0..batch.num_rows()).map(|row| {
        let cell = |array: &ArrayRef| if array.is_null(row) { "null".to_owned() } else { value(array, row) };
        format!("({})", batch.columns().iter().map(cell).collect::<Vec<_>>().join(", "))
    });
    let rows: Vec<String> = rows.collect();
    for rows in rows.chunks(500) {
        writeln!(script, "insert into {} values\n{};", quoted(name), rows.join(",\n")).expect("a text takes it");
    }
    script
}

fn float(array: &ArrayRef, row: usize) -> f64 {
    match array.data_type() {
        DataType::Float32 => f64::from(array.as_primitive::<Float32Type>().value(row)),
        _ => array.as_primitive::<Float64Type>().value(row),
    }
}

fn plain(array: &ArrayRef, row: usize) -> String {
    match array.data_type() {
        DataType::Timestamp(..) | DataType::Date32 => {
            let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None)).expect("a time");
            let time = micros.as_primitive::<TimestampMicrosecondType>().value_as_datetime(row).expect("a time");
            let zone = if matches!(array.data_type(), DataType::Timestamp(_, Some(_))) { "Z" } else { "" };
            format!("'{}{zone}'", time.format("%Y-%m-%d %H:%M:%S%.6f"))
        }
        data_type if data_type.is_integer() && *data_type != DataType::UInt64 => {
            let integers = cast(array, &DataType::Int64).expect("an integer");
            integers.as_primitive::<Int64Type>().value(row).to_string()
        }
        DataType::Boolean | DataType::Decimal128(..) | DataType::UInt64 => {
            array_value_to_string(array, row).expect("shown")
        }
        _ => format!("'{}'", array_value_to_string(array, row).expect("shown").replace('\'', "''")),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
