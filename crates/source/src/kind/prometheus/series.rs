//! Series of samples as rows: `time`, `value` and one column a label.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use serde::Deserialize;
use serde_json::Value;

use super::TIME;

/// A sample: seconds since 1970, and the value as text, because JSON has no NaN.
pub(super) type Sample = (f64, String);

/// One element of a vector (`value`) or a matrix (`values`).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Series {
    #[serde(default)]
    pub(super) metric: BTreeMap<String, String>,
    pub(super) value: Option<Sample>,
    #[serde(default)]
    pub(super) values: Vec<Sample>,
    /// A native histogram, which is no number.
    pub(super) histogram: Option<Value>,
    #[serde(default)]
    pub(super) histograms: Vec<Value>,
}

/// The rows by time, then in the order given.
pub(super) fn batch(series: Vec<Series>) -> Result<RecordBatch, String> {
    let mut rows: Vec<(i64, f64, usize)> = Vec::new();
    for (index, one) in series.iter().enumerate() {
        if one.histogram.is_some() || !one.histograms.is_empty() {
            return Err(
                "the query gives native histograms; take numbers of them, as by histogram_quantile()".to_owned()
            );
        }
        for (seconds, text) in one.value.iter().chain(&one.values) {
            let value = number(text).ok_or_else(|| format!("Prometheus gave `{text}` for a value"))?;
            rows.push(((seconds * 1_000.0).round() as i64, value, index));
        }
    }
    rows.sort_by_key(|(time, _, _)| *time);
    let labels: BTreeSet<&str> = series.iter().flat_map(|one| one.metric.keys().map(String::as_str)).collect();
    let times = rows.iter().map(|(time, _, _)| *time).collect::<Vec<_>>();
    let times: ArrayRef = Arc::new(TimestampMillisecondArray::from(times).with_timezone("UTC"));
    let values: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.iter().map(|(_, value, _)| *value)));
    let label = |label: &&str| -> ArrayRef {
        Arc::new(rows.iter().map(|(_, _, index)| series[*index].metric.get(*label)).collect::<StringArray>())
    };
    let columns: Vec<ArrayRef> = [times, values].into_iter().chain(labels.iter().map(label)).collect();
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let known = [Field::new(TIME, time, false), Field::new("value", DataType::Float64, false)];
    let fields = known.into_iter().chain(labels.iter().map(|label| Field::new(column(label), DataType::Utf8, true)));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns).map_err(|error| error.to_string())
}

/// A label's column; one that is called as a column of ours is renamed.
fn column(label: &str) -> String {
    if label == TIME || label == "value" { format!("label_{label}") } else { label.to_owned() }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_json_cannot_say_are_read() {
        assert_eq!(number("+Inf"), Some(f64::INFINITY));
        assert_eq!(number("-Inf"), Some(f64::NEG_INFINITY));
        assert!(number("NaN").is_some_and(f64::is_nan));
        assert_eq!(number("1.5e-07"), Some(1.5e-7));
        assert_eq!(number("many"), None);
    }
}
