//! Exact quantiles by linear interpolation, as numpy computes them.

use std::io;

use super::keys::number;
use super::runs::{Room, Runs, Slice};
use super::select::select;

/// All values of a column, shared by every quantile asked of it; nulls and NaNs are left out.
#[derive(Debug)]
pub(super) struct Quantiles {
    /// The values as keys.
    runs: Runs,
    asked: Vec<f64>,
    /// Answers to `asked`, found together.
    found: Vec<f64>,
}

impl Quantiles {
    pub(super) fn new(room: &Room) -> Self {
        Self { runs: Runs::new(room), asked: Vec::new(), found: Vec::new() }
    }

    /// Takes numbers in; a NaN stands where there is no value.
    pub(super) fn add(&mut self, numbers: &[f64]) -> io::Result<()> {
        self.runs.push(numbers)
    }

    pub(super) fn merge(&mut self, later: Self) {
        self.runs.merge(later.runs);
    }

    /// Says which quantile will be asked, so that all can be found together.
    pub(super) fn expect(&mut self, share: f64) {
        self.asked.push(share);
    }

    /// The quantile at `share` of 0..=1, which must have been expected.
    pub(super) fn at(&mut self, share: f64) -> io::Result<Option<f64>> {
        let keys = self.runs.slices();
        let count: usize = keys.iter().map(Slice::len).sum();
        let Some(last) = count.checked_sub(1) else { return Ok(None) };
        if self.found.is_empty() {
            let ranks: Vec<usize> =
                self.asked.iter().flat_map(|share| <[usize; 2]>::from(ranks(*share, last))).collect();
            let keys = select(&keys, &ranks)?;
            let pairs = self.asked.iter().zip(keys.as_chunks::<2>().0);
            self.found = pairs
                .map(|(share, [a, b])| between(number(*a), number(*b), last as f64 * share - ranks_floor(*share, last)))
                .collect();
        }
        let place = self.asked.iter().position(|asked| *asked == share);
        Ok(place.and_then(|place| self.found.get(place).copied()))
    }
}

/// The ranks that a quantile lies between.
fn ranks(share: f64, last: usize) -> (usize, usize) {
    let low = ((last as f64 * share).floor() as usize).min(last);
    (low, (low + 1).min(last))
}

fn ranks_floor(share: f64, last: usize) -> f64 {
    ranks(share, last).0 as f64
}

/// Linear interpolation from whichever end is nearer, which is monotonic and exact at both.
pub(crate) fn between(a: f64, b: f64, share: f64) -> f64 {
    match b - a {
        _ if a == b || share == 0.0 => a,
        apart if share < 0.5 => a + apart * share,
        apart => b - apart * (1.0 - share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_numpy() {
        let mut quantiles = Quantiles::new(&Room::default());
        quantiles.add(&[7.0, 1.0, f64::NAN]).expect("kept");
        let mut later = Quantiles::new(&Room::default());
        later.add(&[3.0, 10.0]).expect("kept");
        quantiles.merge(later);
        // numpy.quantile([7, 1, 3, 10], q)
        let golden = [(0.0, 1.0), (0.25, 2.5), (0.5, 5.0), (0.75, 7.75), (0.95, 9.55), (1.0, 10.0), (0.25, 2.5)];
        golden.iter().for_each(|(share, _)| quantiles.expect(*share));
        for (share, value) in golden {
            let found = quantiles.at(share).expect("read").expect("values");
            assert!((found - value).abs() < 1e-12, "{share}: {found}");
        }
        let mut empty = Quantiles::new(&Room::default());
        empty.expect(0.5);
        assert_eq!(empty.at(0.5).expect("read"), None);
    }
}
