//! Nulls and NaNs.

use crate::cells::{Cells, Column};

/// How many rows of a column have no value, and how many have a NaN.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// Rows without a value.
    pub(super) nulls: u64,
    /// Rows with a NaN; they are not among the nulls.
    pub(super) nans: u64,
}

impl Counts {
    pub(super) fn add(&mut self, column: &Column) {
        let nulls = column.cells().null_count() as u64;
        self.nulls += nulls;
        if matches!(column.cells(), Cells::Numbers(_)) {
            // Nulls stand as NaN among the numbers.
            let gaps: u64 = column.numbers().iter().map(|x| u64::from(x.is_nan())).sum();
            self.nans += gaps - nulls;
        }
    }

    pub(super) fn merge(&mut self, later: &Self) {
        self.nulls += later.nulls;
        self.nans += later.nans;
    }
}
