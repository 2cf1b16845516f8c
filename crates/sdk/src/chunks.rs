//! Rows in chunks, for checks that must see each of them.

use crate::bindings::watchkeeper::check::data;
use crate::{Column, Failure};

/// At most 65,536 rows: one column for each one asked for, in that order.
pub type Chunk = Vec<Column>;

/// A running scan; iterate to read.
pub struct Chunks(Box<dyn FnMut() -> Result<Option<Chunk>, String>>);

impl Chunks {
    pub(crate) fn new(next: impl FnMut() -> Result<Option<Chunk>, String> + 'static) -> Self {
        Self(Box::new(next))
    }

    pub(crate) fn of(scan: data::Scan) -> Self {
        Self::new(move || {
            let chunk = scan.next()?;
            Ok(chunk.map(|columns| columns.into_iter().map(Column::from).collect()))
        })
    }

    /// Reads `N` columns of numbers, integers or flags, and gives each row to `row`; nulls and NaN are `None`.
    pub fn each_row<const N: usize>(
        self,
        mut row: impl FnMut([Option<f64>; N]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for chunk in self {
            let chunk = chunk?;
            let columns = chunk.iter().map(Column::numbers).collect::<Result<Vec<_>, _>>()?;
            let mut columns: Vec<_> = columns.iter().map(|column| column.iter()).collect();
            for _ in 0..chunk.first().map_or(0, Column::len) {
                let mut cells = [None; N];
                for (cell, column) in cells.iter_mut().zip(&mut columns) {
                    *cell = column.next().flatten();
                }
                row(cells)?;
            }
        }
        Ok(())
    }
}

impl Iterator for Chunks {
    type Item = Result<Chunk, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.0)().map_err(cannot_read).transpose()
    }
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Chunks").finish_non_exhaustive()
    }
}

/// The host's reason why rows cannot be read now.
pub(crate) fn cannot_read(reason: String) -> Failure {
    Failure::retry(format!("cannot read the data: {reason}"))
}
