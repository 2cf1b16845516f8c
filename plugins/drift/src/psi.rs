//! The population stability index: sum of (a - e) ln(a / e) over the shares of rows in each bin.

use crate::bins::Binned;
use crate::profile::Profile;

/// The index, with the profile's rule for shares of zero.
pub(crate) fn index(bins: &Binned, profile: Profile) -> f64 {
    let (expected, actual) = (profile.shares(&bins.expected), profile.shares(&bins.actual));
    let shares = expected.into_iter().zip(actual);
    shares.map(|(expected, actual)| (actual - expected) * (actual / expected).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::{Binned, Profile, index};

    #[test]
    fn equal_shares_have_no_drift() {
        assert_eq!(index(&Binned::of(&[5, 5], &[50, 50]), Profile::Quantile10), 0.0);
    }

    #[test]
    fn an_empty_bin_counts_as_the_floor() {
        let by_hand = (1e-4 - 0.5) * (1e-4_f64 / 0.5).ln() + 0.5 * 2.0_f64.ln();
        let psi = index(&Binned::of(&[5, 5], &[0, 7]), Profile::Quantile10);
        assert!((psi - by_hand).abs() < 1e-12, "{psi}, expected {by_hand}");
    }
}
