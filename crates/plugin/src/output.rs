//! What a guest measured, checked before anybody believes it.

use std::collections::BTreeSet;

use watchkeeper_engine::ports::checker::Manual;
use watchkeeper_model::{Labels, Measurement, Series};

use crate::{bindings::types, fault::Fault, text::one_line};

const MEASUREMENTS_MAX: usize = 10_000;
const METRIC_CHARS_MAX: usize = 200;
const LABELS_MAX: usize = 32;
const LABEL_NAME_CHARS_MAX: usize = 200;
const LABEL_VALUE_CHARS_MAX: usize = 1_000;
const DETAIL_CHARS_MAX: usize = 4_000;

/// Measurements with finite values, bounded texts and every series once; or what is wrong with the first bad one.
pub(crate) fn measurements(given: Vec<types::Measurement>) -> Result<Vec<Measurement>, Fault> {
    if given.len() > MEASUREMENTS_MAX {
        return refuse(format!("{} measurements; the limit is {MEASUREMENTS_MAX}", given.len()));
    }
    let mut seen = BTreeSet::new();
    given
        .into_iter()
        .map(|given| {
            let measurement = measurement(given)?;
            if !seen.insert(measurement.series.clone()) {
                return refuse(format!("{} is measured twice", shown(&measurement.series)));
            }
            Ok(measurement)
        })
        .collect()
}

/// Refuses what the manual does not declare: a threshold on it would wait for ever.
pub(crate) fn declared(manual: &Manual, measured: &[Measurement]) -> Result<(), Fault> {
    if manual.metrics.is_empty() {
        return Ok(());
    }
    measured.iter().try_for_each(|measured| {
        let Series { metric, labels } = &measured.series;
        let Some(declared) = manual.metrics.iter().find(|declared| declared.name == *metric) else {
            let all: Vec<&str> = manual.metrics.iter().map(|declared| declared.name.as_str()).collect();
            let (metric, all) = (one_line(metric, 60), all.join(", "));
            return refuse(format!("it measured `{metric}`, which its manual does not declare; it declares {all}"));
        };
        let labels: BTreeSet<&str> = labels.keys().map(String::as_str).collect();
        if labels == declared.labels.iter().map(String::as_str).collect() {
            return Ok(());
        }
        let listed = |labels: Vec<&str>| if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
        let (given, wanted) = (listed(labels.into_iter().collect()), declared.labels.join(", "));
        let wanted = if wanted.is_empty() { "none".to_owned() } else { wanted };
        refuse(format!("{}: its labels are {given}, and its manual declares {wanted}", shown(&measured.series)))
    })
}

fn measurement(given: types::Measurement) -> Result<Measurement, Fault> {
    bounded("a metric's name", &given.metric, METRIC_CHARS_MAX)?;
    if given.metric.is_empty() {
        return refuse("a metric without a name".to_owned());
    }
    let series = Series { labels: labels(&given.metric, given.labels)?, metric: given.metric };
    if !given.value.is_finite() {
        let (series, value) = (shown(&series), given.value);
        return refuse(format!("{series} is {value}; a value must be finite, so leave out what cannot be computed"));
    }
    Ok(Measurement { series, value: given.value, detail: given.detail.map(|text| one_line(&text, DETAIL_CHARS_MAX)) })
}

fn labels(metric: &str, given: Vec<(String, String)>) -> Result<Labels, Fault> {
    if given.len() > LABELS_MAX {
        return refuse(format!("{metric} has {} labels; the limit is {LABELS_MAX}", given.len()));
    }
    let mut labels = Labels::new();
    for (name, value) in given {
        bounded("a label's name", &name, LABEL_NAME_CHARS_MAX)?;
        bounded("a label's value", &value, LABEL_VALUE_CHARS_MAX)?;
        if labels.contains_key(&name) {
            return refuse(format!("{metric} has the label {} twice", one_line(&name, 60)));
        }
        labels.insert(name, value);
    }
    Ok(labels)
}

fn bounded(what: &str, text: &str, chars_max: usize) -> Result<(), Fault> {
    if text.chars().count() <= chars_max {
        return Ok(());
    }
    refuse(format!("{what} is longer than {chars_max} characters: {}", one_line(text, 60)))
}

fn shown(series: &Series) -> String {
    one_line(&series.to_string(), 300)
}

fn refuse<T>(reason: String) -> Result<T, Fault> {
    Err(Fault::BadOutput(reason))
}

#[cfg(test)]
mod tests {
    use watchkeeper_engine::ports::checker::ManualMetric;

    use super::*;

    fn given(metric: &str, value: f64, labels: &[(&str, &str)]) -> types::Measurement {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        types::Measurement { metric: metric.to_owned(), value, labels, detail: None }
    }

    fn refusal(given: Vec<types::Measurement>) -> String {
        measurements(given).expect_err("it is refused").to_string()
    }

    #[test]
    fn good_measurements_pass_unchanged() {
        let measured =
            measurements(vec![given("rmse", 0.5, &[("segment", "a")]), given("rmse", 0.7, &[("segment", "b")])]);
        let shown: Vec<_> = measured.expect("they pass").iter().map(|m| format!("{} {}", m.series, m.value)).collect();
        assert_eq!(shown, ["rmse{segment=\"a\"} 0.5", "rmse{segment=\"b\"} 0.7"]);
    }

    #[test]
    fn a_value_that_is_not_finite_is_refused_by_name() {
        let message = refusal(vec![given("rmse", f64::NAN, &[("segment", "a")])]);
        assert!(message.contains("rmse{segment=\"a\"} is NaN"), "{message}");
        assert!(refusal(vec![given("rmse", f64::NEG_INFINITY, &[])]).contains("rmse is -inf"));
    }

    #[test]
    fn a_series_or_label_given_twice_is_refused() {
        assert!(refusal(vec![given("rmse", 1.0, &[]), given("rmse", 2.0, &[])]).contains("rmse is measured twice"));
        assert!(refusal(vec![given("rmse", 1.0, &[("a", "1"), ("a", "2")])]).contains("label a twice"));
    }

    #[test]
    fn what_the_manual_does_not_declare_is_refused() {
        let metric =
            ManualMetric { name: "rmse".into(), unit: String::new(), doc: String::new(), labels: vec!["a".into()] };
        let manual = Manual { summary: String::new(), params: Vec::new(), metrics: vec![metric] };
        let checked = |given| declared(&manual, &measurements(vec![given]).expect("it is sound"));
        assert!(checked(given("rmse", 1.0, &[("a", "x")])).is_ok());
        let message = checked(given("mae", 1.0, &[])).expect_err("it is refused").to_string();
        assert!(message.contains("measured `mae`, which its manual does not declare; it declares rmse"), "{message}");
        let message = checked(given("rmse", 1.0, &[])).expect_err("it is refused").to_string();
        assert!(message.contains("rmse: its labels are none, and its manual declares a"), "{message}");
    }

    #[test]
    fn lengths_and_counts_are_bounded() {
        assert!(refusal(vec![given(&"x".repeat(201), 1.0, &[])]).contains("longer than 200 characters"));
        assert!(refusal(vec![given("", 1.0, &[])]).contains("without a name"));
        assert!(refusal(vec![given("m", 1.0, &[("a", &"v".repeat(1_001))])]).contains("longer than 1000 characters"));
        assert!(refusal((0..10_001).map(|_| given("m", 1.0, &[])).collect()).contains("10001 measurements"));
    }
}
