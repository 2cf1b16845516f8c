//! Keys by their rank, and the buckets that find them.

use std::io;

use super::runs::Slice;
use super::spread::side_by_side;

/// Fewer keys than this are sorted at once.
const SORTED_AT_ONCE_MAX: usize = 1 << 15;
/// Keys that are taken out of their runs to be sorted, at most; a bucket of more is cut into buckets.
const GATHERED_MAX: usize = 1 << 21;
/// Buckets are told by this many leading bits of the range that the keys span.
const BUCKET_BITS: u32 = 16;
/// How many counts of keys are made side by side.
const COUNTS_MAX: usize = 8;

/// The keys at the given ranks (0 is the least) of all slices together; each rank must be below the number of keys.
pub(super) fn select(keys: &[Slice<'_>], ranks: &[usize]) -> io::Result<Vec<u64>> {
    let total: usize = keys.iter().map(Slice::len).sum();
    if total > SORTED_AT_ONCE_MAX {
        return select_within(keys, Range::ALL, ranks);
    }
    let mut all = Vec::with_capacity(total);
    for slice in keys {
        all.extend_from_slice(&slice.all()?);
    }
    all.sort_unstable();
    Ok(ranks.iter().map(|rank| all[*rank]).collect())
}

/// The keys at ranks among those within a range.
fn select_within(keys: &[Slice<'_>], range: Range, ranks: &[usize]) -> io::Result<Vec<u64>> {
    let Some(range) = spanned(keys, range)? else { return Ok(Vec::new()) };
    if range.least == range.most {
        return Ok(vec![range.least; ranks.len()]);
    }
    let counts = counts(keys, range)?;
    let places: Vec<(usize, usize)> = ranks.iter().map(|rank| place(&counts, *rank)).collect();
    let mut wanted = vec![false; counts.len()];
    places.iter().for_each(|(bucket, _)| wanted[*bucket] = true);
    let gathered: usize = counts.iter().zip(&wanted).filter(|(_, wanted)| **wanted).map(|(count, _)| count).sum();
    if gathered > GATHERED_MAX {
        let one = |(bucket, within): &(usize, usize)| {
            select_within(keys, range.bucket(*bucket), &[*within]).map(|keys| keys[0])
        };
        return places.iter().map(one).collect();
    }
    let mut kept = gather(keys, range, &wanted)?;
    kept.sort_unstable();
    let mut starts = vec![0; counts.len()];
    let mut start = 0;
    for (bucket, _) in wanted.iter().enumerate().filter(|(_, wanted)| **wanted) {
        starts[bucket] = start;
        start += counts[bucket];
    }
    Ok(places.into_iter().map(|(bucket, within)| kept[starts[bucket] + within]).collect())
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

/// A range of keys, both ends included, cut into buckets of equal width.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Range {
    /// All keys.
    pub(super) const ALL: Self = Self { least: 0, most: u64::MAX };

    fn of(keys: impl Iterator<Item = u64>) -> Option<Self> {
        let (least, most) = keys.fold((u64::MAX, 0), |(least, most), key| (least.min(key), most.max(key)));
        (least <= most).then_some(Self { least, most })
    }

    /// Over both ranges.
    pub(super) fn with(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    fn holds(self, key: u64) -> bool {
        (self.least..=self.most).contains(&key)
    }

    /// The bucket of a key within the range.
    pub(super) fn bucket_of(self, key: u64) -> usize {
        ((key - self.least) >> self.shift()) as usize
    }

    fn bucket(self, bucket: usize) -> Self {
        let least = self.least + ((bucket as u64) << self.shift());
        Self { least, most: self.most.min(least + ((1 << self.shift()) - 1)) }
    }

    fn shift(self) -> u32 {
        (64 - (self.most - self.least).leading_zeros()).saturating_sub(BUCKET_BITS)
    }
}

/// The least range that holds all keys of a range; `None` without any.
pub(super) fn spanned(keys: &[Slice<'_>], range: Range) -> io::Result<Option<Range>> {
    let spans = side_by_side(keys, |slice| {
        let within = |key: &u64| range.holds(*key);
        slice.all().map(|keys| Range::of(keys.iter().copied().filter(within)))
    });
    let spans: Vec<Option<Range>> = spans.into_iter().collect::<io::Result<_>>()?;
    Ok(spans.into_iter().flatten().reduce(Range::with))
}

/// How many keys of a range each of its buckets holds.
pub(super) fn counts(keys: &[Slice<'_>], range: Range) -> io::Result<Vec<usize>> {
    let shares: Vec<&[Slice<'_>]> = keys.chunks(keys.len().div_ceil(COUNTS_MAX).max(1)).collect();
    let counted = side_by_side(&shares, |share| {
        let mut counts = vec![0; 1 << BUCKET_BITS];
        for slice in *share {
            let keys = slice.all()?;
            keys.iter().filter(|key| range.holds(**key)).for_each(|key| counts[range.bucket_of(*key)] += 1);
        }
        Ok(counts)
    });
    let add = |mut one: Vec<usize>, other: Vec<usize>| {
        one.iter_mut().zip(other).for_each(|(count, more)| *count += more);
        one
    };
    let counted: Vec<Vec<usize>> = counted.into_iter().collect::<io::Result<_>>()?;
    Ok(counted.into_iter().reduce(add).unwrap_or_default())
}

/// The keys of the wanted buckets.
fn gather(keys: &[Slice<'_>], range: Range, wanted: &[bool]) -> io::Result<Vec<u64>> {
    let gathered = side_by_side(keys, |slice| {
        let is_wanted = |key: &u64| range.holds(*key) && wanted[range.bucket_of(*key)];
        slice.all().map(|keys| keys.iter().copied().filter(is_wanted).collect::<Vec<u64>>())
    });
    Ok(gathered.into_iter().collect::<io::Result<Vec<_>>>()?.concat())
}

#[cfg(test)]
mod tests {
    use super::super::keys::key;
    use super::super::runs::tests::runs;
    use super::*;

    #[test]
    fn ranks_are_those_of_a_sort_wherever_the_keys_are() {
        let mut random = 7_u64;
        let mut draw = |ties: f64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (((random >> 40) as f64 - 8e6) * 1e-3 / ties).round()
        };
        for (count, ties) in [(90_000, 1e-9), (200_000, 1e3), (3_000_000, 1e4)] {
            let numbers: Vec<f64> = (0..count).map(|_| draw(ties)).collect();
            let mut sorted: Vec<u64> = numbers.iter().map(|number| key(*number)).collect();
            sorted.sort_unstable();
            let ranks = [0, 1, count / 2 - 1, count / 2, count - 1];
            let expected: Vec<u64> = ranks.iter().map(|rank| sorted[*rank]).collect();
            for in_memory in [0, 100] {
                assert_eq!(select(&runs(&numbers, in_memory).slices(), &ranks).expect("read"), expected);
            }
        }
        let equal = vec![2.0; 70_000];
        assert_eq!(select(&runs(&equal, 1).slices(), &[0, 69_999]).expect("read"), [key(2.0); 2]);
    }
}
