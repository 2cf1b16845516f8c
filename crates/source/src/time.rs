//! Times: every unit to microseconds since 1970 UTC, and spans to filters. A time without a zone is UTC.

use datafusion::arrow::array::types::{
    Date32Type, Date64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, cast, ident, lit};
use watchkeeper_engine::ports::frame::Span;
use watchkeeper_model::Time;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const NANOSECONDS_A_DAY: i128 = 86_400 * 1_000_000_000;

/// The column of a time, date or text array in microseconds since 1970 UTC; text that is no time is an error.
pub(crate) fn micros(array: &ArrayRef) -> Result<Int64Array, ArrowError> {
    let of = match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            array.as_primitive::<TimestampSecondType>().unary(|v| v.saturating_mul(SECOND))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            array.as_primitive::<TimestampMillisecondType>().unary(|v| v.saturating_mul(1_000))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let times = array.as_primitive::<TimestampMicrosecondType>();
            Int64Array::new(times.values().clone(), times.nulls().cloned())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            array.as_primitive::<TimestampNanosecondType>().unary::<_, Int64Type>(|v| v.div_euclid(1_000))
        }
        DataType::Date32 => array.as_primitive::<Date32Type>().unary(|v| i64::from(v) * DAY),
        DataType::Date64 => array.as_primitive::<Date64Type>().unary(|v| v.saturating_mul(1_000)),
        DataType::Null => Int64Array::new_null(array.len()),
        _ => {
            return micros(&cast_with_options(
                array,
                &utc_micros(),
                &CastOptions { safe: false, ..Default::default() },
            )?);
        }
    };
    Ok(of)
}

/// The first microsecond at or after a time, so that `[start, end)` is the same at every resolution.
pub(crate) fn ceil_micros(time: Time) -> i64 {
    ceil(time, 1_000)
}

/// The filter that keeps the rows of a span, in the column's own unit so that files can be skipped by their statistics.
pub(crate) fn within(column: &str, data_type: &DataType, span: Span) -> Option<Expr> {
    let side = match data_type {
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => ident(column),
        _ => cast(ident(column), utc_micros()),
    };
    let start = span.start.map(|time| side.clone().gt_eq(lit(bound(data_type, time))));
    let end = span.end.map(|time| side.clone().lt(lit(bound(data_type, time))));
    match (start, end) {
        (Some(start), Some(end)) => Some(start.and(end)),
        (one, other) => one.or(other),
    }
}

fn bound(data_type: &DataType, time: Time) -> ScalarValue {
    match data_type {
        DataType::Timestamp(TimeUnit::Second, zone) => {
            ScalarValue::TimestampSecond(Some(ceil(time, 1_000_000_000)), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Millisecond, zone) => {
            ScalarValue::TimestampMillisecond(Some(ceil(time, 1_000_000)), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            ScalarValue::TimestampMicrosecond(Some(ceil(time, 1_000)), zone.clone())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            ScalarValue::TimestampNanosecond(Some(ceil(time, 1)), zone.clone())
        }
        DataType::Date32 => {
            let days = ceil(time, NANOSECONDS_A_DAY).clamp(i64::from(i32::MIN), i64::from(i32::MAX));
            ScalarValue::Date32(i32::try_from(days).ok())
        }
        DataType::Date64 => ScalarValue::Date64(Some(ceil(time, 1_000_000))),
        _ => ScalarValue::TimestampMicrosecond(Some(ceil(time, 1_000)), Some(UTC.into())),
    }
}

const UTC: &str = "+00:00";

/// The type that all times are read in.
pub(crate) fn utc_micros() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
}

/// A time in units of so many nanoseconds since 1970, rounded up, at the ends of `i64` where it lies beyond them.
fn ceil(time: Time, unit_nanoseconds: i128) -> i64 {
    let nanoseconds = i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos());
    let units = -((-nanoseconds).div_euclid(unit_nanoseconds));
    i64::try_from(units).unwrap_or(if units < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{Date32Array, StringArray, TimestampNanosecondArray};

    use super::*;

    fn time(text: &str) -> Time {
        text.parse().expect("a time")
    }

    #[test]
    fn bounds_round_up_to_the_column_unit() {
        assert_eq!(ceil(time("1970-01-01T00:00:00.5Z"), 1_000_000_000), 1);
        assert_eq!(ceil(time("1969-12-31T23:59:59.5Z"), 1_000_000_000), 0);
        assert_eq!(ceil(time("1970-01-02T00:00:00Z"), NANOSECONDS_A_DAY), 1);
        assert_eq!(ceil(time("1970-01-02T00:00:01Z"), NANOSECONDS_A_DAY), 2);
        assert_eq!(ceil(time("3000-01-01T00:00:00Z"), 1), i64::MAX);
    }

    #[test]
    fn every_kind_of_time_reads_as_utc_microseconds() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![
            Some("1970-01-01T01:00:00+01:00"),
            Some("1970-01-01 00:00:01"),
            Some("1970-01-02"),
            None,
        ]));
        let read: Vec<_> = micros(&texts).expect("times").iter().collect();
        assert_eq!(read, [Some(0), Some(SECOND), Some(DAY), None]);
        let days: ArrayRef = Arc::new(Date32Array::from(vec![-1]));
        assert_eq!(micros(&days).expect("days").value(0), -DAY);
        let nanoseconds: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![-1]));
        assert_eq!(micros(&nanoseconds).expect("nanoseconds").value(0), -1);
        let words: ArrayRef = Arc::new(StringArray::from(vec!["yesterday"]));
        assert!(micros(&words).is_err());
    }
}
