//! The chi-square test of homogeneity: are both samples drawn from one distribution over the bins?

use watchkeeper_plugin::Sum;

use crate::bins::Binned;

/// The statistic (without a continuity correction) and its p-value; one bin alone gives 0 and 1.
pub(crate) fn test(bins: &Binned) -> [f64; 2] {
    let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let (expected, actual) = (total(&bins.expected), total(&bins.actual));
    let counts = bins.expected.iter().zip(&bins.actual).filter(|(e, a)| *e + *a > 0);
    let counts: Vec<(f64, f64)> = counts.map(|(e, a)| (*e as f64, *a as f64)).collect();
    let statistic: Sum = counts
        .iter()
        .flat_map(|(e, a)| {
            let both = (e + a) / (expected + actual);
            [(*e, both * expected), (*a, both * actual)]
        })
        .map(|(observed, fair)| (observed - fair) * (observed - fair) / fair)
        .collect();
    match counts.len() {
        0 | 1 => [0.0, 1.0],
        bins => [statistic.value(), p_value(statistic.value(), bins as u32 - 1)],
    }
}

/// The chance of a statistic at least this great: the regularised upper incomplete gamma function of half the degrees
/// and half the statistic, as a sum of positive terms, which keeps its digits however small it is.
fn p_value(statistic: f64, degrees: u32) -> f64 {
    let half = statistic / 2.0;
    if half == 0.0 {
        return 1.0;
    }
    // ln Γ(order + 1) goes along with the order, so that neither a power nor a factorial overflows.
    let (mut tail, mut order, mut log_gamma) = match degrees % 2 {
        0 => (0.0, 0.0, 0.0),
        _ => (libm::erfc(half.sqrt()), 0.5, std::f64::consts::PI.sqrt().ln() - std::f64::consts::LN_2),
    };
    while order < f64::from(degrees) / 2.0 {
        tail += (order * half.ln() - half - log_gamma).exp();
        order += 1.0;
        log_gamma += f64::ln(order);
    }
    f64::min(tail, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() < 1e-11, "{value}, expected {expected}");
    }

    #[test]
    fn p_values_agree_with_scipy() {
        // scipy.stats.chi2.sf(statistic, degrees)
        assert_near(p_value(3.0, 1), 0.083_264_516_663_550_42);
        assert_near(p_value(3.0, 2), 0.223_130_160_148_429_82);
        assert_near(p_value(40.0, 7), 1.258_790_387_371_308e-6);
        assert_near(p_value(900.0, 10), 6.367_822_044_752_633e-187);
        assert_near(p_value(1_000.0, 999), 0.485_131_489_274_901_26);
        assert_eq!(p_value(0.0, 3), 1.0);
    }

    #[test]
    fn bins_that_both_lack_do_not_count() {
        assert_eq!(test(&Binned::of(&[5, 0, 5], &[4, 0, 6])), test(&Binned::of(&[5, 5], &[4, 6])));
        assert_eq!(test(&Binned::of(&[5], &[7])), [0.0, 1.0]);
    }
}
