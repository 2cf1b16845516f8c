//! From counts and sums to metrics, with scikit-learn's definitions.

use watchkeeper_plugin::Classes;

/// What decisions are worth, by name; shares of nothing are 0.
pub(crate) fn decisions(found: &Classes) -> [(&'static str, f64); 6] {
    let hits = found.true_positives;
    let (decided, actual) = (hits + found.false_positives, hits + found.false_negatives);
    let rows = decided + found.false_negatives + found.true_negatives;
    [
        ("accuracy", share(hits + found.true_negatives, rows)),
        ("precision", share(hits, decided)),
        ("recall", share(hits, actual)),
        ("f1", share(2 * hits, decided + actual)),
        ("positive_rate", share(decided, rows)),
        ("base_rate", share(actual, rows)),
    ]
}

/// What scores are worth as probabilities, by name; none where one is no probability.
pub(crate) fn probabilities(found: &Classes) -> Vec<(&'static str, f64)> {
    if found.outside > 0 || found.rows == 0 {
        return Vec::new();
    }
    let rows = found.rows as f64;
    vec![("log_loss", found.log_loss_sum / rows), ("brier", found.brier_sum / rows)]
}

fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}
