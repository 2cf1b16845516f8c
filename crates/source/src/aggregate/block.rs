//! Rows gathered to blocks of one length, counted from the first row, so that no result depends on how a scan cuts its
//! batches; and sums over them that keep their digits.

/// Rows in a block.
pub(super) const BLOCK: usize = 1_024;

/// Numbers that are added up side by side.
const LANES: usize = 4;

/// Rows of `N` columns that wait for their block to be full.
#[derive(Debug, Clone)]
pub(super) struct Pending<const N: usize> {
    columns: [Vec<f64>; N],
    len: usize,
}

impl<const N: usize> Default for Pending<N> {
    fn default() -> Self {
        Self { columns: std::array::from_fn(|_| Vec::new()), len: 0 }
    }
}

impl<const N: usize> Pending<N> {
    /// Takes the rows to keep, and gives every block that they fill to `block`.
    pub(super) fn add(
        &mut self,
        rows: [&[f64]; N],
        keep: impl Fn([f64; N]) -> bool,
        mut block: impl FnMut([&[f64]; N]),
    ) {
        let all = rows[0].len();
        for start in (0..all).step_by(BLOCK) {
            let end = all.min(start + BLOCK);
            self.take(rows.map(|column| &column[start..end]), &keep);
            if self.len >= BLOCK {
                block(std::array::from_fn(|column| &self.columns[column][..BLOCK]));
                self.len -= BLOCK;
                let rest = BLOCK..BLOCK + self.len;
                self.columns.iter_mut().for_each(|column| column.copy_within(rest.clone(), 0));
            }
        }
    }

    /// The rows of the block that is not full, which it then forgets.
    pub(super) fn rest(&mut self) -> [&[f64]; N] {
        let len = std::mem::take(&mut self.len);
        std::array::from_fn(|column| &self.columns[column][..len])
    }

    /// A write for each row, kept or not, so that nothing has to be guessed.
    fn take(&mut self, rows: [&[f64]; N], keep: &impl Fn([f64; N]) -> bool) {
        let needed = self.len + rows[0].len();
        self.columns.iter_mut().filter(|column| column.len() < needed).for_each(|column| column.resize(needed, 0.0));
        let mut len = self.len;
        for row in 0..rows[0].len() {
            let cells = rows.map(|column| column[row]);
            for (column, cell) in self.columns.iter_mut().zip(cells) {
                column[len] = cell;
            }
            len += usize::from(keep(cells));
        }
        self.len = len;
    }
}

/// A sum that keeps what each addition loses (Knuth's two-sum).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    total: [f64; LANES],
    lost: [f64; LANES],
}

impl Sum {
    /// Adds every number.
    pub(super) fn add(&mut self, numbers: &[f64]) {
        let (fours, rest) = numbers.as_chunks::<LANES>();
        for numbers in fours {
            for (lane, number) in numbers.iter().enumerate() {
                self.add_to(lane, *number);
            }
        }
        for (lane, number) in rest.iter().enumerate() {
            self.add_to(lane, *number);
        }
    }

    /// Adds another sum.
    pub(super) fn merge(&mut self, later: &Self) {
        for lane in 0..LANES {
            self.add_to(lane, later.total[lane]);
            self.lost[lane] += later.lost[lane];
        }
    }

    /// The sum so far.
    pub(super) fn value(&self) -> f64 {
        let mut whole = (0.0, 0.0);
        for lane in 0..LANES {
            let (total, lost) = two_sum(whole.0, self.total[lane]);
            whole = (total, whole.1 + lost + self.lost[lane]);
        }
        // Beyond the largest number nothing is lost but the number itself.
        if whole.0.is_finite() { whole.0 + whole.1 } else { whole.0 }
    }

    fn add_to(&mut self, lane: usize, number: f64) {
        let (total, lost) = two_sum(self.total[lane], number);
        self.total[lane] = total;
        self.lost[lane] += lost;
    }
}

/// The rounded sum, and what the rounding lost.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_survive_large_ones() {
        let mut sum = Sum::default();
        sum.add(&[1.0, 1e100, 1.0, 3.0, 1.0, 1.0, 0.5, -1.0, 0.0, -1e100]);
        assert_eq!(sum.value(), 6.5);
        let mut twice = sum;
        twice.merge(&sum);
        assert_eq!(twice.value(), 13.0);
        sum.add(&[f64::MAX, f64::MAX, 0.0, 0.0, f64::MAX, f64::MAX]);
        assert_eq!(sum.value(), f64::INFINITY);
    }

    #[test]
    fn blocks_are_full_and_only_of_kept_rows() {
        let rows: Vec<f64> = (0..5_000).map(f64::from).collect();
        for batch in [7, 1_024, 3_000, 5_000] {
            let mut pending = Pending::<2>::default();
            let mut seen = Vec::new();
            for part in rows.chunks(batch) {
                pending.add(
                    [part, part],
                    |[x, _]| x % 3.0 != 0.0,
                    |[x, y]| {
                        assert_eq!((x.len(), x), (BLOCK, y));
                        seen.extend_from_slice(x);
                    },
                );
            }
            seen.extend_from_slice(pending.rest()[0]);
            let kept: Vec<f64> = rows.iter().copied().filter(|x| x % 3.0 != 0.0).collect();
            assert_eq!(seen, kept);
            assert!(pending.rest()[0].is_empty());
        }
    }
}
