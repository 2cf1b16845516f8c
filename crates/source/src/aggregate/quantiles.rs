//! Exact quantiles by linear interpolation, as numpy computes them.

use crate::cells::Cells;

/// Sorting once is cheaper than selecting when more than this many quantiles of one column are asked.
const SELECTIONS_MAX: usize = 4;

/// All values of a column, shared by every quantile asked of it; nulls and NaNs are left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quantiles {
    values: Vec<f64>,
    answered: usize,
    sorted: bool,
}

impl Quantiles {
    pub(crate) fn add(&mut self, cells: &Cells) {
        self.values.reserve(cells.len() - cells.null_count());
        cells.each_number(|x| self.values.push(x));
    }

    pub(crate) fn merge(&mut self, later: &Self) {
        self.values.extend_from_slice(&later.values);
    }

    /// The quantile at `share` of 0..=1.
    pub(crate) fn at(&mut self, share: f64) -> Option<f64> {
        let last = self.values.len().checked_sub(1)?;
        let place = last as f64 * share;
        let low = (place.floor() as usize).min(last);
        let (a, b) = self.neighbours(low, (low + 1).min(last));
        Some(between(a, b, place - low as f64))
    }

    fn neighbours(&mut self, low: usize, high: usize) -> (f64, f64) {
        self.answered += 1;
        if !self.sorted && self.answered > SELECTIONS_MAX {
            self.values.sort_unstable_by(f64::total_cmp);
            self.sorted = true;
        }
        if self.sorted {
            return (self.values[low], self.values[high]);
        }
        let (_, a, above) = self.values.select_nth_unstable_by(low, f64::total_cmp);
        let a = *a;
        (a, above.iter().copied().min_by(f64::total_cmp).unwrap_or(a))
    }
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
    use datafusion::arrow::array::Float64Array;

    use super::*;

    #[test]
    fn agrees_with_numpy() {
        let mut quantiles = Quantiles::default();
        quantiles.add(&Cells::Numbers(Float64Array::from(vec![7.0, 1.0, f64::NAN, 3.0, 10.0])));
        // numpy.quantile([7, 1, 3, 10], q)
        for (share, value) in
            [(0.0, 1.0), (0.25, 2.5), (0.5, 5.0), (0.75, 7.75), (0.95, 9.55), (1.0, 10.0), (0.25, 2.5)]
        {
            let found = quantiles.at(share).expect("values");
            assert!((found - value).abs() < 1e-12, "{share}: {found}");
        }
        assert_eq!(Quantiles::default().at(0.5), None);
    }
}
