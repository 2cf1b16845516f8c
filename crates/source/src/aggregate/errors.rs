//! How far predictions are from their targets.

use watchkeeper_engine::ports::frame::Errors;

use super::block::{BLOCK, Pending, Sum};
use super::moments::Joined;

/// Sums over the rows in which target and prediction are finite.
#[derive(Debug, Clone, Default)]
pub(super) struct Deviations {
    /// All rows.
    seen: u64,
    pending: Pending<2>,
    sums: Sums,
}

#[derive(Debug, Clone, Default)]
struct Sums {
    rows: u64,
    error: Sum,
    absolute: Sum,
    relative: Sum,
    squared: Sum,
    targets: Joined,
}

impl Deviations {
    /// Takes rows in; a NaN stands where there is no value.
    pub(super) fn add(&mut self, targets: &[f64], predictions: &[f64]) {
        self.seen += targets.len() as u64;
        let finite = |[target, prediction]: [f64; 2]| target.is_finite() & prediction.is_finite();
        self.pending.add([targets, predictions], finite, |[targets, predictions]| self.sums.add(targets, predictions));
    }

    pub(super) fn merge(&mut self, mut later: Self) {
        self.flush();
        later.flush();
        self.seen += later.seen;
        self.sums.merge(&later.sums);
    }

    pub(super) fn finish(&mut self) -> Errors {
        self.flush();
        let sums = &self.sums;
        Errors {
            rows: sums.rows,
            skipped: self.seen - sums.rows,
            error_sum: sums.error.value(),
            absolute_sum: sums.absolute.value(),
            relative_sum: sums.relative.value(),
            squared_sum: sums.squared.value(),
            target_squares: sums.targets.squares(),
        }
    }

    fn flush(&mut self) {
        let [targets, predictions] = self.pending.rest();
        self.sums.add(targets, predictions);
    }
}

impl Sums {
    /// At most a block.
    fn add(&mut self, targets: &[f64], predictions: &[f64]) {
        let (mut errors, mut others) = ([0.0; BLOCK], [0.0; BLOCK]);
        let (errors, others) = (&mut errors[..targets.len()], &mut others[..targets.len()]);
        self.rows += targets.len() as u64;
        self.targets = self.targets.with(Joined::of(targets));
        fill(errors, predictions, targets, |prediction, target| prediction - target);
        self.error.add(errors);
        fill(others, errors, targets, |error, _| error.abs());
        self.absolute.add(others);
        fill(others, errors, targets, |error, target| error.abs() / target.abs().max(f64::EPSILON));
        self.relative.add(others);
        fill(others, errors, targets, |error, _| error * error);
        self.squared.add(others);
    }

    fn merge(&mut self, later: &Self) {
        self.rows += later.rows;
        self.error.merge(&later.error);
        self.absolute.merge(&later.absolute);
        self.relative.merge(&later.relative);
        self.squared.merge(&later.squared);
        self.targets = self.targets.with(later.targets);
    }
}

fn fill(to: &mut [f64], one: &[f64], other: &[f64], of: impl Fn(f64, f64) -> f64) {
    for ((to, one), other) in to.iter_mut().zip(one).zip(other) {
        *to = of(*one, *other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(rows: &[(f64, f64)], batch: usize) -> Errors {
        let mut found = Deviations::default();
        for part in rows.chunks(batch) {
            let (targets, predictions): (Vec<f64>, Vec<f64>) = part.iter().copied().unzip();
            found.add(&targets, &predictions);
        }
        found.finish()
    }

    #[test]
    fn what_is_not_finite_is_skipped() {
        let found = errors(&[(1.0, 2.0), (f64::NAN, 1.0), (3.0, 1.0), (1.0, f64::INFINITY), (0.0, 0.5)], 2);
        assert_eq!((found.rows, found.skipped), (3, 2));
        assert_eq!((found.error_sum, found.absolute_sum, found.squared_sum), (-0.5, 3.5, 5.25));
        let relative = 1.0 + 2.0 / 3.0 + 0.5 / f64::EPSILON;
        assert!((found.relative_sum / relative - 1.0).abs() < 1e-15);
        assert!((found.target_squares - 14.0 / 3.0).abs() < 1e-14);
    }

    #[test]
    fn batches_do_not_change_a_bit_and_close_targets_keep_their_digits() {
        let rows: Vec<(f64, f64)> = (0..50_000_i32).map(|i| (1e9 + f64::from(i % 3), f64::from(i).sin())).collect();
        let whole = errors(&rows, 50_000);
        assert_eq!(whole, errors(&rows, 7));
        assert_eq!(whole, errors(&rows, 16_384));
        let exact = 33_332.999_98;
        assert!((whole.target_squares / exact - 1.0).abs() < 1e-12, "{}", whole.target_squares);
    }

    #[test]
    fn parts_join() {
        let rows: Vec<(f64, f64)> = (0..5_000_i32).map(|i| (f64::from(i), f64::from(i % 7))).collect();
        let mut joined = Deviations::default();
        for part in rows.chunks(1_999) {
            let mut later = Deviations::default();
            part.iter().for_each(|(target, prediction)| later.add(&[*target], &[*prediction]));
            joined.merge(later);
        }
        let (whole, joined) = (errors(&rows, 5_000), joined.finish());
        assert_eq!(
            (whole.rows, whole.error_sum, whole.squared_sum),
            (joined.rows, joined.error_sum, joined.squared_sum)
        );
        assert!((whole.target_squares / joined.target_squares - 1.0).abs() < 1e-14);
    }
}
