//! The population stability index: sum of (a - e) ln(a / e) over the shares of rows in each bin.

/// The quantiles that bins of profile `quantile10` start at; the first and last bin are open.
pub(crate) const DECILES: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The least share, so that an empty bin weighs much but not without bound.
const FLOOR: f64 = 1e-4;

/// The index from counts a bin, or `None` where one side has no rows.
pub(crate) fn index(expected: &[u64], actual: &[u64]) -> Option<f64> {
    let (all_expected, all_actual) = (total(expected)?, total(actual)?);
    let bins = expected.iter().zip(actual);
    Some(
        bins.map(|(expected, actual)| {
            let expected = (*expected as f64 / all_expected).max(FLOOR);
            let actual = (*actual as f64 / all_actual).max(FLOOR);
            (actual - expected) * (actual / expected).ln()
        })
        .sum(),
    )
}

fn total(counts: &[u64]) -> Option<f64> {
    let total: u64 = counts.iter().sum();
    (total > 0).then_some(total as f64)
}

#[cfg(test)]
mod tests {
    use super::index;

    #[test]
    fn equal_shares_have_no_drift() {
        assert_eq!(index(&[5, 5], &[50, 50]), Some(0.0));
    }

    #[test]
    fn an_empty_bin_counts_as_the_floor() {
        let by_hand = (1e-4 - 0.5) * (1e-4_f64 / 0.5).ln() + 0.5 * 2.0_f64.ln();
        let psi = index(&[5, 5], &[0, 7]).unwrap_or(f64::NAN);
        assert!((psi - by_hand).abs() < 1e-12, "{psi}, expected {by_hand}");
    }

    #[test]
    fn nothing_cannot_be_compared() {
        assert_eq!(index(&[0, 0], &[1, 2]), None);
        assert_eq!(index(&[1, 2], &[0]), None);
    }
}
