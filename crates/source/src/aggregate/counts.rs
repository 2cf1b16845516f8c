//! Nulls and NaNs.

use crate::cells::{Cells, each};

/// How many rows of a column have no value, and how many have a NaN.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    /// Rows without a value.
    pub(crate) nulls: u64,
    /// Rows with a NaN; they are not among the nulls.
    pub(crate) nans: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, cells: &Cells) {
        self.nulls += cells.null_count() as u64;
        if let Cells::Numbers(numbers) = cells {
            each(numbers, |x| self.nans += u64::from(x.is_nan()));
        }
    }

    pub(crate) fn merge(&mut self, later: &Self) {
        self.nulls += later.nulls;
        self.nans += later.nans;
    }
}
