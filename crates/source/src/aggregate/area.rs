//! The area under the ROC curve, exact, from the scores of both classes.

use std::io;

use super::runs::{Runs, Slice};
use super::select::{Range, counts, spanned};
use super::spread::{side_by_side, side_by_side_mut};

/// About so many scores are sorted at a time: few enough to stay in a processor's own cache.
const SORTED_TOGETHER: usize = 16_384;
/// Of very many scores rather more: each run knows where each group begins in it.
const GROUPS_MAX: usize = 4_096;
/// Groups of more scores are cut into groups: one value, or a few, have most of the rows.
const SORTED_AT_ONCE_MAX: usize = 1 << 20;

/// The share of pairs in which the one scores above the zero, equal scores counting one half; `None` without pairs.
/// Moves the scores within their runs.
pub(super) fn area(ones: &mut Runs, zeros: &mut Runs) -> io::Result<Option<f64>> {
    let (ones, zeros) = (ones.slices(), zeros.slices());
    let pairs = count(&ones) as u128 * count(&zeros) as u128;
    if pairs == 0 {
        return Ok(None);
    }
    Ok(Some(twice_won(ones, zeros)? as f64 / (2 * pairs) as f64))
}

fn count(scores: &[Slice<'_>]) -> usize {
    scores.iter().map(Slice::len).sum()
}

/// Twice the pairs won, in whole numbers: neither the order of the rows nor their number costs a digit.
fn twice_won(mut ones: Vec<Slice<'_>>, mut zeros: Vec<Slice<'_>>) -> io::Result<u128> {
    let (all_ones, all_zeros) = (count(&ones), count(&zeros));
    if all_ones + all_zeros <= SORTED_TOGETHER {
        return Ok(won_within(gather(&ones, |slice| 0..slice.len())?, gather(&zeros, |slice| 0..slice.len())?));
    }
    let ranges = [spanned(&ones, Range::ALL)?, spanned(&zeros, Range::ALL)?];
    let Some(range) = ranges.into_iter().flatten().reduce(Range::with) else { return Ok(0) };
    if range.least == range.most {
        return Ok(all_ones as u128 * all_zeros as u128);
    }
    let groups = Groups::new(range, &ones, &zeros)?;
    let (starts_of_ones, starts_of_zeros) = (groups.arrange(&mut ones)?, groups.arrange(&mut zeros)?);
    let within = side_by_side(&groups.sizes, |(group, size)| -> io::Result<(u128, u128, u128)> {
        let (ones, zeros) = (Part::of(&ones, &starts_of_ones, *group), Part::of(&zeros, &starts_of_zeros, *group));
        let won = if *size > SORTED_AT_ONCE_MAX { 0 } else { won_within(ones.gather()?, zeros.gather()?) };
        Ok((won, ones.len() as u128, zeros.len() as u128))
    });
    let (mut won, mut zeros_below) = (0, 0);
    for within in within {
        let (within, ones, zeros) = within?;
        won += within + 2 * zeros_below * ones;
        zeros_below += zeros;
    }
    for (group, _) in groups.sizes.iter().filter(|(_, size)| *size > SORTED_AT_ONCE_MAX) {
        won += twice_won(parts(&mut ones, &starts_of_ones, *group), parts(&mut zeros, &starts_of_zeros, *group))?;
    }
    Ok(won)
}

fn won_within(mut ones: Vec<u64>, mut zeros: Vec<u64>) -> u128 {
    ones.sort_unstable();
    zeros.sort_unstable();
    let (mut won, mut below) = (0, 0);
    for tie in ones.chunk_by(|a, b| a == b) {
        while below < zeros.len() && zeros[below] < tie[0] {
            below += 1;
        }
        let equal = zeros[below..].iter().take_while(|zero| **zero == tie[0]).count();
        won += tie.len() as u128 * (2 * below + equal) as u128;
    }
    won
}

/// The range of all scores, cut into groups of about equal numbers of them.
struct Groups {
    range: Range,
    /// By bucket.
    group_of: Vec<u32>,
    /// Each with how many scores are in it.
    sizes: Vec<(usize, usize)>,
}

/// Where each group begins in a slice; group `g` ends where `g + 1` begins.
type Starts = Vec<u32>;

impl Groups {
    fn new(range: Range, ones: &[Slice<'_>], zeros: &[Slice<'_>]) -> io::Result<Self> {
        let together = SORTED_TOGETHER.max((count(ones) + count(zeros)) / GROUPS_MAX);
        let (mut sizes, mut group_of) = (vec![(0, 0)], Vec::new());
        let (ones, zeros) = (counts(ones, range)?, counts(zeros, range)?);
        // A class without scores has no counts.
        let of = |counts: &[usize], bucket| counts.get(bucket).copied().unwrap_or_default();
        for bucket in 0..ones.len().max(zeros.len()) {
            let scores = of(&ones, bucket) + of(&zeros, bucket);
            let last = sizes.len() - 1;
            if sizes[last].1 > 0 && sizes[last].1 + scores > together {
                sizes.push((last + 1, 0));
            }
            let last = sizes.len() - 1;
            sizes[last].1 += scores;
            group_of.push(last as u32);
        }
        Ok(Self { range, group_of, sizes })
    }

    /// Moves the keys of every slice to their groups.
    fn arrange(&self, scores: &mut [Slice<'_>]) -> io::Result<Vec<Starts>> {
        side_by_side_mut(scores, |slice| slice.arrange(|keys| self.arrange_one(keys))).into_iter().collect()
    }

    fn arrange_one(&self, keys: &mut [u64]) -> Starts {
        let group_of = |key: u64| self.group_of[self.range.bucket_of(key)] as usize;
        let mut starts = vec![0; self.sizes.len() + 1];
        keys.iter().for_each(|key| starts[group_of(*key) + 1] += 1);
        for group in 0..self.sizes.len() {
            starts[group + 1] += starts[group];
        }
        let (mut next, before) = (starts.clone(), keys.to_vec());
        for key in before {
            let place = &mut next[group_of(key)];
            keys[*place as usize] = key;
            *place += 1;
        }
        starts
    }
}

/// One group of arranged slices.
struct Part<'a, 'b> {
    slices: &'a [Slice<'b>],
    starts: &'a [Starts],
    group: usize,
}

impl<'a, 'b> Part<'a, 'b> {
    fn of(slices: &'a [Slice<'b>], starts: &'a [Starts], group: usize) -> Self {
        Self { slices, starts, group }
    }

    fn len(&self) -> usize {
        self.starts.iter().map(|starts| of_group(starts, self.group).len()).sum()
    }

    fn gather(&self) -> io::Result<Vec<u64>> {
        let mut starts = self.starts.iter();
        gather(self.slices, |_| starts.next().map_or(0..0, |starts| of_group(starts, self.group)))
    }
}

fn of_group(starts: &Starts, group: usize) -> std::ops::Range<usize> {
    starts[group] as usize..starts[group + 1] as usize
}

fn parts<'a>(slices: &'a mut [Slice<'_>], starts: &[Starts], group: usize) -> Vec<Slice<'a>> {
    slices.iter_mut().zip(starts).map(|(slice, starts)| slice.part(of_group(starts, group))).collect()
}

fn gather(slices: &[Slice<'_>], mut range: impl FnMut(&Slice<'_>) -> std::ops::Range<usize>) -> io::Result<Vec<u64>> {
    let mut gathered = Vec::new();
    for slice in slices {
        gathered.extend_from_slice(&slice.keys(range(slice))?);
    }
    Ok(gathered)
}

#[cfg(test)]
mod tests {
    use super::super::keys::key;
    use super::super::runs::tests::runs;
    use super::*;

    fn of(ones: &[f64], zeros: &[f64], in_memory: usize) -> Option<f64> {
        area(&mut runs(ones, in_memory), &mut runs(zeros, in_memory)).expect("read")
    }

    #[test]
    fn ties_count_one_half() {
        assert_eq!(of(&[0.4, 0.8], &[0.1, 0.4], 1), Some(0.875));
        assert_eq!(of(&[-0.0], &[0.0], 1), Some(0.5));
        assert_eq!(of(&[0.1], &[0.9], 1), Some(0.0));
        assert_eq!(of(&[0.1], &[], 1), None);
        assert_eq!(of(&[3.0; 90_000], &[3.0; 20_000], 0), Some(0.5));
    }

    #[test]
    fn many_scores_agree_with_every_pair_counted_wherever_they_are() {
        let score = |row: u64, step: u64, of: u64| (row * step % of) as f64 / of as f64 - 0.25;
        for of in [3, 997, 1_000_003] {
            let ones: Vec<f64> = (0..170_000).map(|row| score(row, 7_919, of)).collect();
            let zeros: Vec<f64> = (0..120_000).map(|row| score(row, 104_729, of)).collect();
            let keys = |scores: &[f64]| scores.iter().map(|score| key(*score)).collect::<Vec<_>>();
            let (all_ones, all_zeros) = (keys(&ones), keys(&zeros));
            let won = won_within(all_ones.clone(), all_zeros.clone());
            for in_memory in [0, 1, 100] {
                let (mut ones, mut zeros) = (runs(&ones, in_memory), runs(&zeros, in_memory));
                assert_eq!(twice_won(ones.slices(), zeros.slices()).expect("read"), won);
            }
            let few: Vec<u64> = all_ones.iter().step_by(7_000).copied().collect();
            let pairs = few.iter().flat_map(|one| all_zeros.iter().map(move |zero| (one, zero)));
            let by_hand: u128 = pairs.map(|(one, zero)| u128::from(one > zero) + u128::from(one >= zero)).sum();
            assert_eq!(won_within(few.clone(), all_zeros), by_hand);
        }
    }

    #[test]
    fn a_value_that_most_rows_have_costs_no_more_than_others() {
        let mostly = |value: f64, rows: u64| -> Vec<f64> {
            (0..rows).map(|row| if row % 10 == 0 { row as f64 } else { value }).collect()
        };
        let (ones, zeros) = (mostly(0.5, 1_500_000), mostly(0.25, 300_000));
        let keys = |scores: &[f64]| scores.iter().map(|score| key(*score)).collect::<Vec<_>>();
        let won = won_within(keys(&ones), keys(&zeros));
        assert_eq!(twice_won(runs(&ones, 2).slices(), runs(&zeros, 2).slices()).expect("read"), won);
    }
}
