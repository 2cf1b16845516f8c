//! Numbers on a chart: short, and the same wherever they stand.

/// Four significant digits without trailing zeros; whole numbers below a million in full.
pub(crate) fn short(value: f64) -> String {
    // Adding zero turns -0 into 0.
    let value = value + 0.0;
    if value.fract() == 0.0 && value.abs() < 1e6 {
        return format!("{value:.0}");
    }
    let scientific = format!("{value:.3e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent @ -4..=5) => trimmed(&format!("{value:.*}", usize::try_from(3 - exponent).unwrap_or(0))),
        _ => format!("{}e{exponent}", trimmed(digits)),
    }
}

fn trimmed(digits: &str) -> String {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.').to_owned() } else { digits.to_owned() }
}

/// Beyond this a drawing cannot tell where it is.
const DRAWN_MAX: f64 = 1e150;

/// The value as it is drawn; `None` for what is no number. What is farther than any axis reaches stands at its end.
pub(crate) fn drawn(value: f64) -> Option<f64> {
    (!value.is_nan()).then(|| value.clamp(-DRAWN_MAX, DRAWN_MAX))
}

/// The range of an axis that holds all these values with some room around them.
pub(crate) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let drawn = values.filter_map(drawn);
    let (low, high) = drawn
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (f64::min(low, value), f64::max(high, value)));
    if low > high {
        return (0.0, 1.0);
    }
    let size = low.abs().max(high.abs());
    let room = match (high - low) * 0.08 {
        // Values so small that a drawing cannot tell them from 0.
        _ if size < 1.0 / DRAWN_MAX => 0.1,
        // One value, or values so near each other that an axis cannot tell them apart.
        room if room <= size * 1e-9 => size * 0.1,
        room => room,
    };
    // A count or a rate does not go below zero, so neither does its axis.
    let floor = if low >= 0.0 { 0.0 } else { f64::MIN };
    ((low - room).max(floor), high + room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_keep_their_size() {
        let cases = [
            (0.592_602, "0.5926"),
            (0.6, "0.6"),
            (-0.0, "0"),
            (5832.0, "5832"),
            (12_345.67, "12346"),
            (1_234_567.0, "1.235e6"),
            (0.000_012_3, "1.23e-5"),
        ];
        for (value, said) in cases {
            assert_eq!(short(value), said);
        }
    }

    #[test]
    fn an_axis_has_room_and_never_no_height() {
        assert_eq!(range([].into_iter()), (0.0, 1.0));
        assert_eq!(range([f64::NAN].into_iter()), (0.0, 1.0));
        for values in [
            vec![0.5; 3],
            vec![0.0],
            vec![-7.0],
            vec![1e-12, 2e-12],
            vec![1e300, -1e300, f64::INFINITY],
            vec![1.0, 1.0 + 1e-15],
        ] {
            let (low, high) = range(values.iter().copied());
            assert!(low < high && low.is_finite() && high.is_finite(), "{values:?}: {low} to {high}");
            assert!(
                values.iter().filter_map(|value| drawn(*value)).all(|value| (low..=high).contains(&value)),
                "{values:?}: {low} to {high}"
            );
        }
        assert_eq!(range([0.01, 0.5].into_iter()).0, 0.0, "a rate has no negative values");
    }
}
