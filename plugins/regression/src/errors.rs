//! The errors of predictions, gathered row by row, with scikit-learn's definitions.

use watchkeeper_plugin::Sum;

/// Sums over the rows seen so far.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    rows: u64,
    error: Sum,
    absolute: Sum,
    relative: Sum,
    squared: Sum,
    target_mean: f64,
    target_squares: Sum,
}

impl Errors {
    /// Sees one row.
    pub(crate) fn add(&mut self, target: f64, prediction: f64) {
        let error = prediction - target;
        self.rows += 1;
        self.error.add(error);
        self.absolute.add(error.abs());
        self.relative.add(error.abs() / target.abs().max(f64::EPSILON));
        self.squared.add(error * error);
        // Welford's update: squares around the mean without a second pass or cancellation.
        let before = target - self.target_mean;
        self.target_mean += before / self.rows as f64;
        self.target_squares.add(before * (target - self.target_mean));
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn rmse(&self) -> f64 {
        self.mean(self.squared).sqrt()
    }

    pub(crate) fn mae(&self) -> f64 {
        self.mean(self.absolute)
    }

    /// Targets nearer to zero than the machine's epsilon count as epsilon.
    pub(crate) fn mape(&self) -> f64 {
        self.mean(self.relative)
    }

    pub(crate) fn mean_error(&self) -> f64 {
        self.mean(self.error)
    }

    /// Undefined below two rows; for a constant target 1 when exact, else 0.
    pub(crate) fn r2(&self) -> Option<f64> {
        let (unexplained, all) = (self.squared.value(), self.target_squares.value());
        match self.rows {
            0 | 1 => None,
            _ if unexplained == 0.0 => Some(1.0),
            _ if all == 0.0 => Some(0.0),
            _ => Some(1.0 - unexplained / all),
        }
    }

    fn mean(&self, sum: Sum) -> f64 {
        sum.value() / self.rows as f64
    }
}
