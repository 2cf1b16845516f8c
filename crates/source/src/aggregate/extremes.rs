//! Least and greatest value.

/// Numbers that are compared side by side.
const LANES: usize = 8;

/// The least and the greatest value of a column; nulls and NaNs are left out.
#[derive(Debug, Clone)]
pub(super) struct Extremes {
    least: f64,
    most: f64,
}

impl Default for Extremes {
    fn default() -> Self {
        Self { least: f64::INFINITY, most: f64::NEG_INFINITY }
    }
}

impl Extremes {
    /// Takes numbers in; a NaN stands where there is no value, and is neither below nor above anything.
    pub(super) fn add(&mut self, numbers: &[f64]) {
        let (mut least, mut most) = ([self.least; LANES], [self.most; LANES]);
        let (eights, rest) = numbers.as_chunks::<LANES>();
        for numbers in eights {
            for lane in 0..LANES {
                least[lane] = if numbers[lane] < least[lane] { numbers[lane] } else { least[lane] };
                most[lane] = if numbers[lane] > most[lane] { numbers[lane] } else { most[lane] };
            }
        }
        self.least = least.iter().chain(rest).copied().fold(self.least, f64::min);
        self.most = most.iter().chain(rest).copied().fold(self.most, f64::max);
    }

    pub(super) fn merge(&mut self, later: &Self) {
        self.least = self.least.min(later.least);
        self.most = self.most.max(later.most);
    }

    pub(super) fn minimum(&self) -> Option<f64> {
        // 0 and -0 are equal; which of them came first shall not show.
        (self.least <= self.most).then_some(self.least + 0.0)
    }

    pub(super) fn maximum(&self) -> Option<f64> {
        (self.least <= self.most).then_some(self.most + 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_left_out_and_infinities_count() {
        let mut extremes = Extremes::default();
        extremes.add(&[f64::NAN; 20]);
        assert_eq!((extremes.minimum(), extremes.maximum()), (None, None));
        let mut numbers = [f64::NAN; 20];
        (numbers[3], numbers[19]) = (-2.0, f64::INFINITY);
        extremes.add(&numbers);
        assert_eq!((extremes.minimum(), extremes.maximum()), (Some(-2.0), Some(f64::INFINITY)));
        let mut one = Extremes::default();
        one.add(&[f64::INFINITY]);
        assert_eq!((one.minimum(), one.maximum()), (Some(f64::INFINITY), Some(f64::INFINITY)));
    }
}
