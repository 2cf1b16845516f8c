//! The area under the ROC curve, by ranks.

/// The chance that a row of class 1 scores above one of class 0, equal scores counting one half; sorts the rows.
///
/// `None` where one class is missing.
pub(crate) fn auc(rows: &mut [(f64, bool)]) -> Option<f64> {
    // Partial order is total here: rows hold no NaN, and -0 equals 0.
    rows.sort_unstable_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    // Twice the pairs won, in whole numbers, so that the order within ties and the number of rows cannot cost digits.
    let (mut zeros, mut ones, mut twice_won) = (0_u64, 0_u64, 0_u128);
    for tie in rows.chunk_by(|a, b| a.0 == b.0) {
        let tied_ones = tie.iter().filter(|(_, label)| *label).count() as u64;
        let tied_zeros = tie.len() as u64 - tied_ones;
        twice_won += u128::from(tied_ones) * u128::from(2 * zeros + tied_zeros);
        zeros += tied_zeros;
        ones += tied_ones;
    }
    let pairs = u128::from(zeros) * u128::from(ones);
    (pairs > 0).then(|| twice_won as f64 / (2 * pairs) as f64)
}

#[cfg(test)]
mod tests {
    use super::auc;

    #[test]
    fn ties_count_one_half() {
        let mut rows = [(0.1, false), (0.4, false), (0.4, true), (0.8, true)];
        assert_eq!(auc(&mut rows), Some(0.875));
        assert_eq!(auc(&mut [(-0.0, true), (0.0, false)]), Some(0.5));
    }

    #[test]
    fn the_worst_order_is_zero() {
        assert_eq!(auc(&mut [(0.9, false), (0.1, true)]), Some(0.0));
    }

    #[test]
    fn one_class_has_no_area() {
        assert_eq!(auc(&mut [(0.9, true), (0.1, true)]), None);
        assert_eq!(auc(&mut []), None);
    }
}
