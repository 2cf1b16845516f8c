//! Numbers as keys: unsigned integers in the order of the numbers, which buckets and sorts take quickly.

use super::spread::side_by_side;

/// Fewer keys than this are sorted at once.
const SORTED_AT_ONCE_MAX: usize = 1 << 15;

/// Buckets are told by this many leading bits of the range that the keys span.
const BUCKET_BITS: u32 = 16;

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

/// Adds the keys of all numbers that are no NaN.
pub(super) fn push_keys(keys: &mut Vec<u64>, numbers: &[f64]) {
    let mut len = keys.len();
    keys.resize(len + numbers.len(), 0);
    // A write for each, kept or not, so that nothing has to be guessed.
    for number in numbers {
        keys[len] = key(*number);
        len += usize::from(!number.is_nan());
    }
    keys.truncate(len);
}

/// The keys at the given ranks (0 is the least) of all runs together; each rank must be below the number of keys.
pub(super) fn select(runs: &[Vec<u64>], ranks: &[usize]) -> Vec<u64> {
    let total: usize = runs.iter().map(Vec::len).sum();
    let buckets = if total > SORTED_AT_ONCE_MAX { Buckets::over(runs) } else { None };
    let Some(buckets) = buckets else {
        let mut all: Vec<u64> = runs.concat();
        all.sort_unstable();
        return ranks.iter().map(|rank| all[*rank]).collect();
    };
    let counts = buckets.counts(runs);
    let places: Vec<(usize, usize)> = ranks.iter().map(|rank| place(&counts, *rank)).collect();
    let mut wanted = vec![false; counts.len()];
    places.iter().for_each(|(bucket, _)| wanted[*bucket] = true);
    let mut kept = buckets.gather(runs, &wanted);
    kept.sort_unstable();
    let mut starts = vec![0; counts.len()];
    let mut start = 0;
    for (bucket, _) in wanted.iter().enumerate().filter(|(_, wanted)| **wanted) {
        starts[bucket] = start;
        start += counts[bucket];
    }
    places.into_iter().map(|(bucket, within)| kept[starts[bucket] + within]).collect()
}

/// The bucket that holds a rank, and the rank within it.
fn place(counts: &[usize], rank: usize) -> (usize, usize) {
    let mut within = rank;
    for (bucket, count) in counts.iter().enumerate() {
        if within < *count {
            return (bucket, within);
        }
        within -= count;
    }
    (counts.len() - 1, 0)
}

/// The range of some keys, cut into buckets of equal width.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Buckets {
    least: u64,
    most: u64,
}

impl Buckets {
    /// Over the range of all keys; `None` when there are none.
    pub(super) fn over(runs: &[Vec<u64>]) -> Option<Self> {
        let ends = side_by_side(runs, |run| run.iter().fold((u64::MAX, 0), |(a, b), key| (a.min(*key), b.max(*key))));
        let (least, most) = ends.into_iter().reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))?;
        (least <= most).then_some(Self { least, most })
    }

    /// Over both ranges.
    pub(super) fn with(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    /// The bucket of a key within the range.
    pub(super) fn of(self, key: u64) -> usize {
        ((key - self.least) >> self.shift()) as usize
    }

    fn shift(self) -> u32 {
        (64 - (self.most - self.least).leading_zeros()).saturating_sub(BUCKET_BITS)
    }

    /// How many keys each bucket holds.
    pub(super) fn counts(self, runs: &[Vec<u64>]) -> Vec<usize> {
        let counted = side_by_side(runs, |run| {
            let mut counts = vec![0; 1 << BUCKET_BITS];
            run.iter().for_each(|key| counts[self.of(*key)] += 1);
            counts
        });
        let add = |mut one: Vec<usize>, other: Vec<usize>| {
            one.iter_mut().zip(other).for_each(|(count, more)| *count += more);
            one
        };
        counted.into_iter().reduce(add).unwrap_or_default()
    }

    fn gather(self, runs: &[Vec<u64>], wanted: &[bool]) -> Vec<u64> {
        let gathered =
            side_by_side(runs, |run| run.iter().copied().filter(|key| wanted[self.of(*key)]).collect::<Vec<u64>>());
        gathered.concat()
    }
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
        let mut kept = Vec::new();
        push_keys(&mut kept, &[f64::NAN, 1.0, f64::NAN]);
        assert_eq!(kept, [key(1.0)]);
    }

    #[test]
    fn ranks_are_those_of_a_sort() {
        let mut state = 7_u64;
        let mut draw = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            key(((state >> 40) as f64 - 8e6) * 1e-3)
        };
        for ties in [1, 100_000] {
            let runs: Vec<Vec<u64>> = (0..3).map(|_| (0..30_000).map(|_| draw() / ties).collect()).collect();
            let mut sorted = runs.concat();
            sorted.sort_unstable();
            let ranks = [0, 1, 44_999, 45_000, 89_999];
            let wanted: Vec<u64> = ranks.iter().map(|rank| sorted[*rank]).collect();
            assert_eq!(select(&runs, &ranks), wanted);
        }
        let equal = vec![vec![key(2.0); 70_000], vec![key(2.0); 10]];
        assert_eq!(select(&equal, &[0, 70_009]), [key(2.0); 2]);
    }
}
