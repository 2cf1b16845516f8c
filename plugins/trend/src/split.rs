//! Where a row of numbers is best split in two.

/// The fewest numbers on each side: fewer say nothing of a level.
const SIDE: usize = 3;

/// The best split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub(crate) before: usize,
    pub(crate) after: usize,
    /// The mean after it minus the mean before it.
    pub(crate) moved: f64,
}

/// The split that leaves the least squares around both means; of equal ones the first. None of fewer than six numbers.
pub(crate) fn split(values: &[f64]) -> Option<Split> {
    let rows = values.len();
    // Means are taken around the overall one, so that large levels keep their digits.
    let middle = values.iter().sum::<f64>() / rows as f64;
    let total: f64 = values.iter().map(|value| value - middle).sum();
    let (mut sum, mut best) = (0.0, None::<(f64, Split)>);
    for (place, value) in values.iter().enumerate() {
        sum += value - middle;
        let (before, after) = (place + 1, rows - place - 1);
        if before < SIDE || after < SIDE {
            continue;
        }
        let (first, second) = (sum / before as f64, (total - sum) / after as f64);
        // Least squares around both means is most between them.
        let between = before as f64 * first * first + after as f64 * second * second;
        if best.is_none_or(|(most, _)| between > most) {
            best = Some((between, Split { before, after, moved: second - first }));
        }
    }
    best.map(|(_, split)| split)
}
