//! The Wasserstein distance in deviations of the baseline: the mean way that a value has to go.

use watchkeeper_plugin::Sum;

use crate::samples::Samples;

/// The distance over the baseline's population deviation; 0 where both are zero, none where only the deviation is; not finite
/// where a value is not.
pub(crate) fn distance(samples: &Samples) -> Option<f64> {
    // Everything is measured in the greatest value, so that squares neither overflow nor vanish.
    let greatest = samples.expected.iter().chain(&samples.actual).fold(0.0, |most: f64, value| most.max(value.abs()));
    if greatest == 0.0 || greatest.is_infinite() {
        return Some(if greatest == 0.0 { 0.0 } else { f64::NAN });
    }
    let mut way = Sum::default();
    let mut before: Option<(f64, f64)> = None;
    for step in samples.steps() {
        if let Some((at, apart)) = before {
            way.add(apart * (step.at / greatest - at / greatest));
        }
        before = Some((step.at, (step.expected - step.actual).abs()));
    }
    let (way, deviation) = (way.value(), deviation(&samples.expected, greatest));
    match deviation > 0.0 {
        true => Some(way / deviation),
        false => (way == 0.0).then_some(0.0),
    }
}

/// The population standard deviation of ascending values, in units of `unit`.
fn deviation(values: &[f64], unit: f64) -> f64 {
    if values.first() == values.last() {
        return 0.0;
    }
    let rows = values.len() as f64;
    let scaled = || values.iter().map(|value| value / unit);
    let mean = scaled().collect::<Sum>().value() / rows;
    let squares: Sum = scaled().map(|value| (value - mean) * (value - mean)).collect();
    (squares.value() / rows).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{Samples, distance};

    #[test]
    fn a_shift_is_as_long_as_it_is() {
        for unit in [1.0, 1e200, 1e-200] {
            let scaled = |values: &[f64]| values.iter().map(|value| value * unit).collect();
            let samples = Samples { expected: scaled(&[1.0, 3.0]), actual: scaled(&[2.0, 4.0]) };
            let found = distance(&samples).unwrap_or(f64::NAN);
            assert!((found - 1.0).abs() < 1e-12, "{found} in units of {unit}");
        }
    }

    #[test]
    fn a_constant_baseline_has_no_deviation() {
        let constant = |actual: f64| Samples { expected: vec![2.0, 2.0], actual: vec![actual] };
        assert_eq!(distance(&constant(2.0)), Some(0.0));
        assert_eq!(distance(&constant(3.0)), None);
        assert!(distance(&constant(f64::INFINITY)).is_some_and(f64::is_nan));
    }
}
