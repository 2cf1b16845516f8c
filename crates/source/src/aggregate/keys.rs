//! Numbers as keys: unsigned integers in the order of the numbers, which buckets and sorts take quickly.

/// The key of a number that is no NaN; 0 and -0 are one.
pub(super) fn key(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    // Negative numbers are ordered backwards by their bits.
    bits ^ (((bits as i64 >> 63) as u64) | 1 << 63)
}

/// The number of a key.
pub(super) fn number(key: u64) -> f64 {
    f64::from_bits(key ^ (((!key as i64 >> 63) as u64) | 1 << 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_their_numbers() {
        let numbers = [f64::NEG_INFINITY, -1e300, -1.0, -1e-310, 0.0, 1e-310, 0.5, 1.0, 1e300, f64::INFINITY];
        let keys: Vec<u64> = numbers.iter().map(|number| key(*number)).collect();
        assert!(keys.is_sorted());
        assert_eq!(keys.iter().map(|key| number(*key)).collect::<Vec<_>>(), numbers);
        assert_eq!(key(-0.0), key(0.0));
    }
}
