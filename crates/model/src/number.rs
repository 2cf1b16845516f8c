//! Numbers as people read them.

/// A measured value: as few digits as tell it from the limit that it is past by so much, three at least and six at most;
/// four where there is no such limit.
pub fn reading(value: f64, past_by: Option<f64>) -> String {
    let near = |digits: usize| match past_by {
        Some(by) => (rounded(value, digits) - value).abs() < by / 2.0,
        None => digits >= 4,
    };
    number(value, (3..6).find(|digits| near(*digits)).unwrap_or(6))
}

/// The value in so many significant digits.
fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// So many significant digits, without trailing zeros; whole numbers below 10^15 in full, because they are counts.
/// Very large and very small ones in scientific notation.
pub fn number(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "not a number".to_owned() } else { value.to_string() };
    }
    if value.fract() == 0.0 && value.abs() < 1e15 {
        // Adding zero turns -0 into 0.
        return format!("{:.0}", value + 0.0);
    }
    let after_first = digits.saturating_sub(1);
    let scientific = format!("{value:.after_first$e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent @ -5..=14) => {
            let places = i32::try_from(after_first).unwrap_or(0) - exponent;
            trimmed(&format!("{value:.*}", usize::try_from(places).unwrap_or(0)))
        }
        _ => format!("{}e{exponent}", trimmed(mantissa)),
    }
}

/// A fraction as percent, in three digits, or whole from 100 % on.
pub fn percent(fraction: f64) -> String {
    let percent = fraction * 100.0;
    match percent.abs() {
        100.0.. => number(percent.round(), 6),
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
    fn a_reading_has_as_many_digits_as_tell_it_from_its_limit() {
        let cases = [
            (0.053_571_2, Some(0.053_471_2), "0.0536"),
            (0.592_602_66, Some(0.007_397_34), "0.593"),
            (0.599_98, Some(0.000_02), "0.59998"),
            (0.592_602_66, None, "0.5926"),
            (12_345.678, Some(5_000.0), "12346"),
        ];
        for (value, by, said) in cases {
            assert_eq!(reading(value, by), said);
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
            assert_eq!(number(value, 6), said);
        }
    }
}
