//! The Jensen-Shannon distance: the root of the mean divergence, in bits, of both samples from their middle.

use watchkeeper_plugin::Sum;

use crate::bins::Binned;
use crate::profile::shares;

/// The distance, between 0 and 1.
pub(crate) fn distance(bins: &Binned) -> f64 {
    let (expected, actual) = (shares(&bins.expected), shares(&bins.actual));
    let pairs = || expected.iter().zip(&actual).map(|(e, a)| (*e, *a, (e + a) / 2.0));
    let apart = pairs().map(|(e, _, middle)| divergence(e, middle));
    let apart: Sum = apart.chain(pairs().map(|(_, a, middle)| divergence(a, middle))).collect();
    (apart.value().max(0.0) / std::f64::consts::LN_2 / 2.0).sqrt()
}

fn divergence(share: f64, from: f64) -> f64 {
    if share == 0.0 { 0.0 } else { share * (share / from).ln() }
}

#[cfg(test)]
mod tests {
    use super::{Binned, distance};

    #[test]
    fn the_ends_are_zero_and_one() {
        assert_eq!(distance(&Binned::of(&[1, 3], &[2, 6])), 0.0);
        assert_eq!(distance(&Binned::of(&[4, 0], &[0, 9])), 1.0);
    }
}
