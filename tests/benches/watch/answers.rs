//! What was measured, held against what a peer says.

use std::collections::BTreeMap;

use serde_json::Value;

/// Answers that differ by more, relative to the greater one, are not the same.
const SAME_TO: f64 = 1e-9;

/// What a check measured: the value of each series of an evaluation as it is printed.
pub(crate) fn values_of(evaluation: &Value) -> BTreeMap<String, f64> {
    let series = evaluation["series"].as_array().expect("series").iter();
    let values = series.filter_map(|series| {
        let metric = series["metric"].as_str()?;
        let labels = series["labels"].as_object().into_iter().flatten();
        let labels = labels.filter_map(|(_, value)| value.as_str()).map(|value| format!(" {value}"));
        Some((format!("{metric}{}", labels.collect::<String>()), series["value"].as_f64()?))
    });
    values.collect()
}

/// Speed of a wrong number is no figure.
pub(crate) fn hold_against(check: &str, ours: &BTreeMap<String, f64>, theirs: &BTreeMap<String, f64>) {
    for (series, value) in theirs {
        let Some(own) = ours.get(series) else { panic!("{check}: {series} is missing; there are {ours:?}") };
        let apart = (own - value).abs() / own.abs().max(value.abs()).max(f64::MIN_POSITIVE);
        assert!(apart <= SAME_TO, "{check}: {series} is {own}, and {value} by DuckDB");
    }
}
