//! Counts per bin between given edges.

/// Up to this many edges, comparing with each of them is faster than a search, as it has no branches and goes side by
/// side.
const COMPARED_EDGES_MAX: usize = 32;

/// Numbers that are compared with all edges while they are near.
const NEAR: usize = 512;

/// How many values lie in `(-inf, e0) [e0, e1) … [en, inf)`; nulls and NaNs are left out.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    edges: Vec<f64>,
    /// How many values there are, then how many from each edge on.
    from: Vec<u64>,
}

impl Histogram {
    /// Takes ascending inner edges.
    pub(super) fn new(edges: Vec<f64>) -> Self {
        let from = vec![0; edges.len() + 1];
        Self { edges, from }
    }

    /// Takes numbers in; a NaN stands where there is no value.
    pub(super) fn add(&mut self, numbers: &[f64]) {
        if self.edges.len() > COMPARED_EDGES_MAX {
            return self.search(numbers);
        }
        for near in numbers.chunks(NEAR) {
            self.from[0] += near.iter().map(|x| u64::from(!x.is_nan())).sum::<u64>();
            for (from, edge) in self.from[1..].iter_mut().zip(&self.edges) {
                *from += near.iter().map(|x| u64::from(x >= edge)).sum::<u64>();
            }
        }
    }

    /// Finds each number's bin, then adds the bins up from above.
    fn search(&mut self, numbers: &[f64]) {
        let mut bins = vec![0; self.edges.len() + 1];
        for x in numbers.iter().filter(|x| !x.is_nan()) {
            bins[self.edges.partition_point(|edge| edge <= x)] += 1;
        }
        let mut above = 0;
        for (from, bin) in self.from.iter_mut().zip(bins).rev() {
            above += bin;
            *from += above;
        }
    }

    pub(super) fn merge(&mut self, later: &Self) {
        self.from.iter_mut().zip(&later.from).for_each(|(count, more)| *count += more);
    }

    pub(super) fn counts(&self) -> Vec<u64> {
        let above = self.from.iter().skip(1).chain([&0]);
        self.from.iter().zip(above).map(|(from, above)| from - above).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(edges: &[f64], numbers: &[f64]) -> Vec<u64> {
        let mut histogram = Histogram::new(edges.to_vec());
        histogram.add(numbers);
        histogram.counts()
    }

    #[test]
    fn an_edge_belongs_to_the_bin_above_it() {
        let numbers: Vec<f64> = (0..100).map(f64::from).chain([f64::NAN]).collect();
        assert_eq!(counts(&[10.0, 20.0], &numbers), [10, 10, 80]);
        assert_eq!(counts(&[10.0, 10.0], &numbers), [10, 0, 90]);
        assert_eq!(counts(&[], &numbers), [100]);
        assert_eq!(counts(&[0.0], &[-0.0, f64::NEG_INFINITY, f64::INFINITY]), [1, 2]);
    }

    #[test]
    fn many_edges_are_searched_with_the_same_result() {
        let numbers: Vec<f64> = (0..5_000_u32).map(|i| f64::from(i).sin() * 60.0).chain([f64::NAN]).collect();
        let edges: Vec<f64> = (0..100).map(|i| f64::from(i) - 50.0).collect();
        let many = counts(&edges, &numbers);
        assert_eq!(many.iter().sum::<u64>(), 5_000);
        let few = counts(&edges[40..60], &numbers);
        assert_eq!(few[1..20], many[41..60]);
        assert_eq!((few[0], few[20]), (many[..=40].iter().sum(), many[60..].iter().sum()));
    }
}
