//! Mean and sample standard deviation, stable however large the values and however many the rows.

use super::block::Pending;

/// Count, mean and squared deviations, joined block by block with the update of Chan, Golub and LeVeque.
#[derive(Debug, Clone, Default)]
pub(super) struct Moments {
    joined: Joined,
    pending: Pending<1>,
}

/// The mean is kept as a distance from one of the values: large values that lie close together keep their digits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Joined {
    count: f64,
    origin: f64,
    offset: f64,
    squares: f64,
}

impl Moments {
    /// Takes numbers in; a NaN stands where there is no value.
    pub(super) fn add(&mut self, numbers: &[f64]) {
        let joined = &mut self.joined;
        self.pending.add([numbers], |[x]| !x.is_nan(), |[block]| *joined = joined.with(Joined::of(block)));
    }

    pub(super) fn merge(&mut self, later: &Self) {
        self.flush();
        self.joined = self.joined.with(later.clone().whole());
    }

    /// The arithmetic mean.
    pub(super) fn mean(&mut self) -> Option<f64> {
        let whole = self.whole();
        (whole.count > 0.0).then_some(whole.origin + whole.offset)
    }

    /// The sample standard deviation; none for fewer than two values.
    pub(super) fn deviation(&mut self) -> Option<f64> {
        let whole = self.whole();
        (whole.count > 1.0).then(|| (whole.squares / (whole.count - 1.0)).sqrt())
    }

    fn whole(&mut self) -> Joined {
        self.flush();
        self.joined
    }

    fn flush(&mut self) {
        let [rest] = self.pending.rest();
        self.joined = self.joined.with(Joined::of(rest));
    }
}

impl Joined {
    /// Of a block's values.
    pub(super) fn of(values: &[f64]) -> Self {
        let Some(origin) = values.first().copied() else { return Self::default() };
        let count = values.len() as f64;
        let offset = sum(values, |x| x - origin) / count;
        if !offset.is_finite() {
            return Self::unbounded(count, sum(values, |x| x) / count);
        }
        let squares = sum(values, |x| (x - origin - offset) * (x - origin - offset));
        Self { count, origin, offset, squares }
    }

    /// The squared distances from the mean, summed up.
    pub(super) fn squares(self) -> f64 {
        self.squares
    }

    /// Joined with values that come later.
    pub(super) fn with(self, later: Self) -> Self {
        if self.count == 0.0 || later.count == 0.0 {
            return if self.count == 0.0 { later } else { self };
        }
        let count = self.count + later.count;
        let apart = (later.origin - self.origin) + (later.offset - self.offset);
        if !apart.is_finite() {
            return Self::unbounded(count, self.offset + later.offset);
        }
        Self {
            count,
            origin: self.origin,
            offset: self.offset + apart * (later.count / count),
            squares: self.squares + later.squares + apart * apart * (self.count * later.count / count),
        }
    }

    /// Of values among which there are infinities: their mean is infinite or undefined, their deviation undefined.
    fn unbounded(count: f64, mean: f64) -> Self {
        Self { count, origin: 0.0, offset: mean, squares: f64::NAN }
    }
}

/// In eight lanes, which are added up side by side.
fn sum(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for values in eights {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane += of(*value);
        }
    }
    lanes.into_iter().sum::<f64>() + rest.iter().map(|value| of(*value)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[f64], batch: usize) -> Moments {
        let mut moments = Moments::default();
        for part in values.chunks(batch) {
            moments.add(part);
        }
        moments
    }

    #[test]
    fn large_close_values_keep_their_digits() {
        let values: Vec<f64> = (0..30_000).map(|i| 1e9 + f64::from(i % 3)).collect();
        let mut found = moments(&values, 1_000);
        assert_eq!(found.mean(), Some(1e9 + 1.0));
        let exact = (20_000.0_f64 / 29_999.0).sqrt();
        assert!((found.deviation().expect("two values") / exact - 1.0).abs() < 1e-12);
    }

    #[test]
    fn batches_do_not_change_a_bit() {
        let values: Vec<f64> = (0..5_000).map(|i| f64::from(i).sin() * 1e3).collect();
        let mut whole = moments(&values, 5_000);
        assert_eq!(whole.mean(), moments(&values, 7).mean());
        assert_eq!(whole.deviation(), moments(&values, 333).deviation());
    }

    #[test]
    fn infinities_stay_infinite() {
        let mut infinite = moments(&[1.0, f64::INFINITY, f64::INFINITY], 1);
        assert_eq!(infinite.mean(), Some(f64::INFINITY));
        assert!(infinite.deviation().expect("values").is_nan());
    }

    #[test]
    fn one_value_has_a_mean_and_no_deviation() {
        assert_eq!(moments(&[4.0], 1).mean(), Some(4.0));
        assert_eq!(moments(&[4.0], 1).deviation(), None);
        assert_eq!(moments(&[], 1).mean(), None);
    }
}
