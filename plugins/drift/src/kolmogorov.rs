//! The Kolmogorov-Smirnov statistic: how far apart the two distribution functions get.

use crate::samples::Samples;

/// The greatest distance, between 0 and 1.
pub(crate) fn statistic(samples: &Samples) -> f64 {
    samples.steps().map(|step| (step.expected - step.actual).abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::{Samples, statistic};

    #[test]
    fn ties_are_taken_by_both_at_once() {
        let same = Samples { expected: vec![1.0, 1.0, 2.0, 2.0], actual: vec![1.0, 2.0] };
        assert_eq!(statistic(&same), 0.0);
        let apart = Samples { expected: vec![1.0, 2.0], actual: vec![3.0] };
        assert_eq!(statistic(&apart), 1.0);
    }
}
