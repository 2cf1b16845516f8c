//! Numbers as people read them.

/// Six significant digits, without trailing zeros; whole numbers below 10^15 in full, because they are counts.
/// Very large and very small ones in scientific notation.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "not a number".to_owned() } else { value.to_string() };
    }
    if value.fract() == 0.0 && value.abs() < 1e15 {
        // Adding zero turns -0 into 0.
        return format!("{:.0}", value + 0.0);
    }
    let scientific = format!("{value:.5e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent @ -5..=14) => trimmed(&format!("{value:.*}", usize::try_from(5 - exponent).unwrap_or(0))),
        _ => format!("{}e{exponent}", trimmed(digits)),
    }
}

/// A fraction as percent, in three digits, or whole from 100 % on.
pub(super) fn percent(fraction: f64) -> String {
    let percent = fraction * 100.0;
    match percent.abs() {
        100.0.. => number(percent.round()),
        10.0.. => trimmed(&format!("{percent:.1}")),
        _ => trimmed(&format!("{percent:.2}")),
    }
}

fn trimmed(digits: &str) -> String {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.').to_owned() } else { digits.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_as_exact_as_anybody_reads_them() {
        let cases = [(0.01234, "1.23"), (0.5, "50"), (0.1256, "12.6"), (74.083, "7408"), (0.0, "0"), (1e300, "1e302")];
        for (fraction, said) in cases {
            assert_eq!(percent(fraction), said);
        }
    }

    #[test]
    fn six_digits_are_enough_and_counts_are_exact() {
        let cases = [
            (0.592_602_66, "0.592603"),
            (0.07, "0.07"),
            (-0.0, "0"),
            (250.0, "250"),
            (1_000_001.0, "1000001"),
            (1_234_567.8, "1234568"),
            (251.234_56, "251.235"),
            (-0.100_000_04, "-0.1"),
            (0.000_012_345_678, "0.0000123457"),
            (0.000_000_012_345_678, "1.23457e-8"),
            (6.02e23, "6.02e23"),
            (f64::NAN, "not a number"),
        ];
        for (value, said) in cases {
            assert_eq!(number(value), said);
        }
    }
}
