//! Scores as probabilities: log loss and Brier score.

use watchkeeper_plugin::Sum;

/// Sums over the rows; without meaning once a score lies outside 0 and 1.
#[derive(Debug, Default)]
pub(crate) struct Probabilities {
    rows: u64,
    outside: u64,
    log_loss: Sum,
    brier: Sum,
}

impl Probabilities {
    pub(crate) fn add(&mut self, label: bool, score: f64) {
        self.rows += 1;
        self.outside += u64::from(!(0.0..=1.0).contains(&score));
        let of_label = if label { score } else { 1.0 - score };
        let clipped = of_label.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        self.log_loss.add(-clipped.ln());
        self.brier.add((1.0 - of_label).powi(2));
    }

    /// Metrics by name; none where a score is no probability.
    pub(crate) fn metrics(&self) -> Vec<(&'static str, f64)> {
        if self.outside > 0 || self.rows == 0 {
            return Vec::new();
        }
        let rows = self.rows as f64;
        vec![("log_loss", self.log_loss.value() / rows), ("brier", self.brier.value() / rows)]
    }
}
