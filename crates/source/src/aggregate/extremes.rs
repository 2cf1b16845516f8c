//! Least and greatest value.

use crate::cells::Cells;

/// The least and the greatest value of a column; nulls and NaNs are left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extremes {
    ends: Option<(f64, f64)>,
}

impl Extremes {
    pub(crate) fn add(&mut self, cells: &Cells) {
        let mut ends = self.ends.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
        let mut any = self.ends.is_some();
        cells.each_number(|x| {
            any = true;
            ends = (if x < ends.0 { x } else { ends.0 }, if x > ends.1 { x } else { ends.1 });
        });
        self.ends = any.then_some(ends);
    }

    pub(crate) fn merge(&mut self, later: &Self) {
        self.ends = match (self.ends, later.ends) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (one, other) => one.or(other),
        };
    }

    pub(crate) fn minimum(&self) -> Option<f64> {
        self.ends.map(|ends| ends.0)
    }

    pub(crate) fn maximum(&self) -> Option<f64> {
        self.ends.map(|ends| ends.1)
    }
}
