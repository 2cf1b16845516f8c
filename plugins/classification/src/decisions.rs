//! Decisions against true classes.

/// The confusion matrix.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    true_positives: u64,
    false_positives: u64,
    false_negatives: u64,
    true_negatives: u64,
}

impl Decisions {
    pub(crate) fn add(&mut self, label: bool, decision: bool) {
        *match (label, decision) {
            (true, true) => &mut self.true_positives,
            (false, true) => &mut self.false_positives,
            (true, false) => &mut self.false_negatives,
            (false, false) => &mut self.true_negatives,
        } += 1;
    }

    /// Metrics by name; those that divide by nothing are 0.
    pub(crate) fn metrics(&self) -> [(&'static str, f64); 6] {
        let hits = self.true_positives;
        let (decided, actual) = (hits + self.false_positives, hits + self.false_negatives);
        let rows = decided + self.false_negatives + self.true_negatives;
        [
            ("accuracy", share(hits + self.true_negatives, rows)),
            ("precision", share(hits, decided)),
            ("recall", share(hits, actual)),
            ("f1", share(2 * hits, decided + actual)),
            ("positive_rate", share(decided, rows)),
            ("base_rate", share(actual, rows)),
        ]
    }
}

fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}
