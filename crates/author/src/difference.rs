//! How what was measured differs from what was expected.

use std::fmt;

use watchkeeper_model::{Measurement, Series};

use crate::case::Expected;

/// One series that differs.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// It was expected and not measured.
    Missing(Series, f64),
    /// It was measured and not expected.
    Unexpected(Series, f64),
    /// Its value is another one: expected, measured, and how far they may be apart.
    Value(Series, f64, f64, f64),
}

/// Every series that differs: the expected ones in their order, then the others.
pub fn differences(expected: &[Expected], measured: &[Measurement]) -> Vec<Difference> {
    let differs = |expected: &Expected| {
        let Expected { series, value, tolerance } = expected;
        match measured.iter().find(|measured| measured.series == *series) {
            None => Some(Difference::Missing(series.clone(), *value)),
            Some(measured) if is_near(*value, measured.value, *tolerance) => None,
            Some(measured) => Some(Difference::Value(series.clone(), *value, measured.value, *tolerance)),
        }
    };
    let unexpected =
        measured.iter().filter(|measured| expected.iter().all(|expected| expected.series != measured.series));
    let unexpected = unexpected.map(|measured| Difference::Unexpected(measured.series.clone(), measured.value));
    expected.iter().filter_map(differs).chain(unexpected).collect()
}

fn is_near(expected: f64, measured: f64, tolerance: f64) -> bool {
    let scale = if expected == 0.0 { 1.0 } else { expected.abs() };
    (measured - expected).abs() <= tolerance * scale
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(series, value) => write!(f, "{series}: expected {value}, and it was not measured"),
            Self::Unexpected(series, value) => write!(f, "{series}: measured {value}, and it was not expected"),
            Self::Value(series, expected, measured, tolerance) => {
                let off = (measured - expected).abs();
                write!(
                    f,
                    "{series}: expected {expected}, measured {measured}: {off:.3e} off, {tolerance:e} of it allowed"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(metric: &str) -> Series {
        Series { metric: metric.to_owned(), labels: [("segment".to_owned(), "a".to_owned())].into() }
    }

    fn told(expected: &[(&str, f64)], measured: &[(&str, f64)]) -> Vec<String> {
        let expected: Vec<Expected> = expected
            .iter()
            .map(|(metric, value)| Expected { series: series(metric), value: *value, tolerance: 1e-9 })
            .collect();
        let measured: Vec<Measurement> = measured
            .iter()
            .map(|(metric, value)| Measurement { series: series(metric), value: *value, detail: None })
            .collect();
        differences(&expected, &measured).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_series_that_differs_is_told_with_both_values() {
        assert!(told(&[("a", 0.1), ("zero", 0.0)], &[("zero", 0.0), ("a", 0.1 + 1e-12)]).is_empty());
        let told = told(&[("a", 0.5), ("b", 1.0)], &[("a", 0.25), ("c", 2.0)]);
        assert_eq!(
            told,
            [
                "a{segment=\"a\"}: expected 0.5, measured 0.25: 2.500e-1 off, 1e-9 of it allowed",
                "b{segment=\"a\"}: expected 1, and it was not measured",
                "c{segment=\"a\"}: measured 2, and it was not expected",
            ]
        );
    }
}
