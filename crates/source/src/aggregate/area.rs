//! The area under the ROC curve, exact, from the scores of both classes.

use super::keys::Buckets;
use super::spread::side_by_side;

/// About so many scores are sorted at a time: few enough to stay in a processor's own cache.
const SORTED_TOGETHER: usize = 16_384;

/// Scores of one class, as keys, in runs.
pub(super) type Scores = Vec<Vec<u64>>;

/// The share of pairs in which the one scores above the zero, equal scores counting one half; `None` without pairs.
pub(super) fn area(ones: &Scores, zeros: &Scores) -> Option<f64> {
    let pairs = count(ones) as u128 * count(zeros) as u128;
    (pairs > 0).then(|| twice_won(ones, zeros) as f64 / (2 * pairs) as f64)
}

fn count(scores: &Scores) -> usize {
    scores.iter().map(Vec::len).sum()
}

/// Twice the pairs won, in whole numbers: neither the order of the rows nor their number costs a digit.
fn twice_won(ones: &Scores, zeros: &Scores) -> u128 {
    if count(ones) + count(zeros) <= SORTED_TOGETHER {
        return won_within(&ones.concat(), &zeros.concat());
    }
    let split = Split::new(ones, zeros);
    let (ones, zeros) = (split.sorted_in(ones), split.sorted_in(zeros));
    let groups: Vec<usize> = (0..split.groups).collect();
    let within = side_by_side(&groups, |group| {
        let (ones, zeros) = (gather(&ones, *group), gather(&zeros, *group));
        (won_within(&ones, &zeros), ones.len() as u128, zeros.len() as u128)
    });
    let (mut won, mut zeros_below) = (0, 0);
    for (within, ones, zeros) in within {
        won += within + 2 * zeros_below * ones;
        zeros_below += zeros;
    }
    won
}

fn won_within(ones: &[u64], zeros: &[u64]) -> u128 {
    let (mut ones, mut zeros) = (ones.to_vec(), zeros.to_vec());
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
struct Split {
    buckets: Buckets,
    group_of: Vec<u32>,
    groups: usize,
}

/// A run with its keys by group: group `g` stands from `starts[g]` to `starts[g + 1]`.
struct Grouped {
    keys: Vec<u64>,
    starts: Vec<usize>,
}

impl Split {
    fn new(ones: &Scores, zeros: &Scores) -> Self {
        // Both classes have scores here, or there would be no pairs.
        let buckets = [ones, zeros].into_iter().filter_map(|scores| Buckets::over(scores)).reduce(Buckets::with);
        let buckets = buckets.unwrap_or_default();
        let (of_ones, of_zeros) = (buckets.counts(ones), buckets.counts(zeros));
        let (mut group, mut held) = (0, 0);
        let grouped = of_ones.iter().zip(&of_zeros).map(|(ones, zeros)| {
            if held > 0 && held + ones + zeros > SORTED_TOGETHER {
                (group, held) = (group + 1, 0);
            }
            held += ones + zeros;
            group
        });
        let group_of: Vec<u32> = grouped.collect();
        Self { buckets, groups: group_of.last().map_or(0, |last| *last as usize + 1), group_of }
    }

    fn sorted_in(&self, scores: &Scores) -> Vec<Grouped> {
        side_by_side(scores, |run| self.group(run))
    }

    fn group(&self, run: &[u64]) -> Grouped {
        let group_of = |key: u64| self.group_of[self.buckets.of(key)] as usize;
        let mut starts = vec![0; self.groups + 1];
        run.iter().for_each(|key| starts[group_of(*key) + 1] += 1);
        for group in 0..self.groups {
            starts[group + 1] += starts[group];
        }
        let (mut next, mut keys) = (starts.clone(), vec![0; run.len()]);
        for key in run {
            let place = &mut next[group_of(*key)];
            keys[*place] = *key;
            *place += 1;
        }
        Grouped { keys, starts }
    }
}

fn gather(runs: &[Grouped], group: usize) -> Vec<u64> {
    let of = |run: &Grouped| run.starts[group]..run.starts[group + 1];
    runs.iter().flat_map(|run| &run.keys[of(run)]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::super::keys::key;
    use super::*;

    fn keys(scores: &[f64]) -> Scores {
        vec![scores.iter().map(|score| key(*score)).collect()]
    }

    #[test]
    fn ties_count_one_half() {
        assert_eq!(area(&keys(&[0.4, 0.8]), &keys(&[0.1, 0.4])), Some(0.875));
        assert_eq!(area(&keys(&[-0.0]), &keys(&[0.0])), Some(0.5));
        assert_eq!(area(&keys(&[0.1]), &keys(&[0.9])), Some(0.0));
        assert_eq!(area(&keys(&[0.1]), &keys(&[])), None);
    }

    #[test]
    fn many_scores_in_runs_agree_with_every_pair_counted() {
        let score = |row: u64, step: u64, of: u64| (row * step % of) as f64 / of as f64 - 0.25;
        for of in [3, 997, 1_000_003] {
            let ones: Scores =
                (0..3).map(|run| (0..9_000).map(|i| key(score(3 * i + run, 7_919, of))).collect()).collect();
            let zeros: Scores =
                (0..2).map(|run| (0..8_000).map(|i| key(score(2 * i + run, 104_729, of))).collect()).collect();
            let (all_ones, all_zeros) = (ones.concat(), zeros.concat());
            assert_eq!(twice_won(&ones, &zeros), won_within(&all_ones, &all_zeros));
            let step = 450;
            let pairs = all_ones.iter().step_by(step).flat_map(|one| all_zeros.iter().map(move |zero| (one, zero)));
            let by_hand: u128 = pairs.map(|(one, zero)| u128::from(one > zero) + u128::from(one >= zero)).sum();
            let few: Vec<u64> = all_ones.iter().step_by(step).copied().collect();
            assert_eq!(won_within(&few, &all_zeros), by_hand);
        }
    }
}
