//! Counts per bin between given edges.

use crate::cells::Cells;

/// Up to this many edges, comparing with each of them is faster than a binary search, as it has no branches.
const COMPARED_EDGES_MAX: usize = 16;

/// How many values lie in `(-inf, e0) [e0, e1) … [en, inf)`; nulls and NaNs are left out.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    edges: Vec<f64>,
    counts: Vec<u64>,
}

impl Histogram {
    /// Takes ascending inner edges.
    pub(crate) fn new(edges: Vec<f64>) -> Self {
        let counts = vec![0; edges.len() + 1];
        Self { edges, counts }
    }

    pub(crate) fn add(&mut self, cells: &Cells) {
        let (edges, counts) = (&self.edges, &mut self.counts);
        if edges.len() <= COMPARED_EDGES_MAX {
            cells.each_number(|x| counts[edges.iter().map(|edge| usize::from(*edge <= x)).sum::<usize>()] += 1);
        } else {
            cells.each_number(|x| counts[edges.partition_point(|edge| *edge <= x)] += 1);
        }
    }

    pub(crate) fn merge(&mut self, later: &Self) {
        self.counts.iter_mut().zip(&later.counts).for_each(|(count, more)| *count += more);
    }

    pub(crate) fn counts(&self) -> Vec<u64> {
        self.counts.clone()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Int64Array;

    use super::*;

    #[test]
    fn an_edge_belongs_to_the_bin_above_it() {
        let cells = Cells::Integers(Int64Array::from((0..100).collect::<Vec<_>>()));
        let mut few = Histogram::new(vec![10.0, 20.0]);
        few.add(&cells);
        assert_eq!(few.counts(), [10, 10, 80]);
        let edges: Vec<f64> = (1..50).map(f64::from).collect();
        let mut many = Histogram::new(edges);
        many.add(&cells);
        assert_eq!(many.counts().iter().sum::<u64>(), 100);
        assert_eq!((many.counts()[0], many.counts()[48], many.counts()[49]), (1, 1, 51));
    }
}
