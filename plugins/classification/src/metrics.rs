//! From counts and sums to metrics, with scikit-learn's definitions.

use watchkeeper_plugin::{Classes, Declared, Metric};

pub(crate) const AUC: Metric = Metric::new("auc", "share", "Area under the ROC curve; equal scores count one half.");
const LOG_LOSS: Metric = Metric::new("log_loss", "nats", "Mean log loss; only where scores are within 0 and 1.");
const BRIER: Metric = Metric::new("brier", "squared", "Mean squared error of the score; only within 0 and 1.");
const ACCURACY: Metric = Metric::new("accuracy", "share", "Decisions that are right.");
const PRECISION: Metric = Metric::new("precision", "share", "Decisions for class 1 that are right; 0 without any.");
const RECALL: Metric = Metric::new("recall", "share", "Rows of class 1 that were decided so.");
const F1: Metric = Metric::new("f1", "share", "Harmonic mean of precision and recall.");
const POSITIVE_RATE: Metric = Metric::new("positive_rate", "share", "Decisions for class 1.");
const BASE_RATE: Metric = Metric::new("base_rate", "share", "Rows of class 1.");
pub(crate) const SKIPPED_ROWS: Metric = Metric::new("skipped_rows", "rows", "Rows without a label, score or decision.");

/// Every metric of the manual.
pub(crate) const ALL: &[Declared] = &[
    AUC.declared(),
    LOG_LOSS.declared(),
    BRIER.declared(),
    ACCURACY.declared(),
    PRECISION.declared(),
    RECALL.declared(),
    F1.declared(),
    POSITIVE_RATE.declared(),
    BASE_RATE.declared(),
    SKIPPED_ROWS.declared(),
];

/// What decisions are worth, by name; shares of nothing are 0.
pub(crate) fn decisions(found: &Classes) -> [(Metric, f64); 6] {
    let hits = found.true_positives;
    let (decided, actual) = (hits + found.false_positives, hits + found.false_negatives);
    let rows = decided + found.false_negatives + found.true_negatives;
    [
        (ACCURACY, share(hits + found.true_negatives, rows)),
        (PRECISION, share(hits, decided)),
        (RECALL, share(hits, actual)),
        (F1, share(2 * hits, decided + actual)),
        (POSITIVE_RATE, share(decided, rows)),
        (BASE_RATE, share(actual, rows)),
    ]
}

/// What scores are worth as probabilities, by name; none where one is no probability.
pub(crate) fn probabilities(found: &Classes) -> Vec<(Metric, f64)> {
    if found.outside > 0 || found.rows == 0 {
        return Vec::new();
    }
    let rows = found.rows as f64;
    vec![(LOG_LOSS, found.log_loss_sum / rows), (BRIER, found.brier_sum / rows)]
}

fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}
