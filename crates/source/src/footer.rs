//! Footer: what files say of their rows at their ends, so that no row is read for it.

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::stats::Precision;
use datafusion::common::{ScalarValue, Statistics};
use watchkeeper_engine::ports::frame::{Aggregate, Answer, FieldKind, Span};
use watchkeeper_model::Time;

use crate::shape::Shape;
use crate::time::{ceil_micros, micros};

/// What is known of all rows of some files of the same columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Footer {
    rows: u64,
    /// Of each column: rows without a value, NaN not among them.
    nulls: Vec<Option<u64>>,
    /// Of each column of times without gaps: the first and the last, in microseconds.
    times: Vec<Option<(i64, i64)>>,
}

/// How rows lie to a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lies {
    /// All of them in it.
    Within,
    /// None of them in it.
    Outside,
    /// Some may be in it.
    Across,
}

impl Footer {
    /// What one file says; `None` where it says nothing of its rows.
    pub(crate) fn of(schema: &Schema, statistics: &Statistics) -> Option<Self> {
        let rows = exact(&statistics.num_rows)?;
        let columns = schema.fields().iter().zip(&statistics.column_statistics);
        let said = columns.map(|(field, said)| {
            let nulls = exact(&said.null_count);
            let is_time = matches!(field.data_type(), DataType::Timestamp(..) | DataType::Date32 | DataType::Date64);
            let ends = (said.min_value.get_value(), said.max_value.get_value());
            let times = match (is_time && said.min_value.is_exact() == Some(true), nulls, ends) {
                (true, Some(0), (Some(first), Some(last))) => moment(first).zip(moment(last)),
                _ => None,
            };
            (nulls, times)
        });
        let (nulls, times) = said.unzip();
        Some(Self { rows, nulls, times })
    }

    /// What this file and another one of the same columns say together.
    pub(crate) fn and(self, other: &Self) -> Self {
        let nulls = self.nulls.into_iter().zip(&other.nulls).map(|(mine, theirs)| Some(mine? + (*theirs)?));
        let times = self.times.into_iter().zip(&other.times).map(|(mine, theirs)| {
            let ((first, last), (first_there, last_there)) = (mine?, (*theirs)?);
            Some((first.min(first_there), last.max(last_there)))
        });
        Self { rows: self.rows + other.rows, nulls: nulls.collect(), times: times.collect() }
    }

    /// How the rows lie to a span by a column of times; `None` where that is not known.
    pub(crate) fn lies(&self, span: Span, time: usize) -> Option<Lies> {
        if self.rows == 0 {
            return Some(Lies::Outside);
        }
        // A time is known to the microsecond below it only.
        let (first, last) = self.times.get(time).copied().flatten()?;
        let after = |bound: Time, time: i64| time >= ceil_micros(bound);
        let before = |bound: Time, time: i64| time < bound.timestamp_micros();
        let is_within =
            span.start.is_none_or(|start| after(start, first)) && span.end.is_none_or(|end| before(end, last));
        let is_outside =
            span.start.is_some_and(|start| before(start, last)) || span.end.is_some_and(|end| after(end, first));
        Some(match (is_within, is_outside) {
            (true, _) => Lies::Within,
            (false, true) => Lies::Outside,
            (false, false) => Lies::Across,
        })
    }

    /// Whether every row is in the span.
    pub(crate) fn lies_in(&self, span: Span, time: Option<usize>) -> bool {
        let lies = || self.lies(span, time?);
        span == Span::default() || self.rows == 0 || lies() == Some(Lies::Within)
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// The answer to an ask that no row need be read for.
    pub(crate) fn answer(&self, shape: &Shape, ask: &Aggregate) -> Option<Answer> {
        let place = |column: &String| shape.fields.iter().position(|field| field.name == *column);
        match ask {
            Aggregate::Rows => Some(Answer::Count(self.rows)),
            Aggregate::Nulls(column) => self.nulls.get(place(column)?).copied().flatten().map(Answer::Count),
            Aggregate::Nans(column) => {
                (shape.fields[place(column)?].kind != FieldKind::Number).then_some(Answer::Count(0))
            }
            _ => None,
        }
    }
}

fn exact(number: &Precision<usize>) -> Option<u64> {
    match number {
        Precision::Exact(number) => u64::try_from(*number).ok(),
        Precision::Inexact(_) | Precision::Absent => None,
    }
}

fn moment(value: &ScalarValue) -> Option<i64> {
    let times = micros(&value.to_array().ok()?).ok()?;
    times.iter().next().flatten()
}
