//! Where bins begin: at the baseline's deciles, or every so far.

use watchkeeper_plugin::{Ask, Failure, Field, Frame, Gaps, Kind};

use super::Rule;
use crate::columns::{Columns, is_number};

/// The quantiles that bins of profile `quantile10` start at; the first and last bin are open.
const DECILES: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// Up to this many different numbers in the baseline, `evidently` takes each for itself.
const DISTINCT_MAX: u64 = 20;

/// Bins of a number begin at the baseline's deciles; other columns are categories.
pub(super) fn deciles(columns: &Columns, baseline: &dyn Frame) -> Result<Vec<Rule>, Failure> {
    let mut ask = Ask::new();
    let mut asked = Vec::new();
    for field in &columns.fields {
        let deciles = DECILES.iter().map(|at| ask.quantile(&field.name, *at));
        asked.push(if is_number(field) { deciles.collect() } else { Vec::new() });
    }
    let answers = baseline.answer(ask)?;
    let mut rules = Vec::new();
    for (place, deciles) in asked.into_iter().enumerate() {
        let mut values = Vec::new();
        for decile in &deciles {
            values.extend(answers.get(*decile)?);
        }
        rules.push(match deciles.is_empty() {
            _ if columns.is_turned(place) => Rule::Turned,
            true => Rule::Categories,
            false if is_bounded(&values) => Rule::Edges(apart(&values)),
            false => Rule::Unbounded,
        });
    }
    Ok(rules)
}

/// Ascending deciles as edges. A value that several of them fall on is a bin of its own: what moves up from it is seen
/// as what moves down is.
fn apart(deciles: &[f64]) -> Vec<f64> {
    let mut edges = Vec::new();
    for tied in deciles.chunk_by(|one, other| one == other) {
        edges.push(tied[0]);
        // The next greater number, past 0 the least of full precision.
        let above = if tied[0] == 0.0 { f64::MIN_POSITIVE } else { tied[0].next_up() };
        if tied.len() > 1 && above.is_finite() {
            edges.push(above);
        }
    }
    edges.dedup();
    edges
}

/// Bins of a number are equally wide over both samples, unless the baseline has few values; other columns are
/// categories.
pub(super) fn sturges(columns: &Columns, current: &dyn Frame, baseline: &dyn Frame) -> Result<Vec<Rule>, Failure> {
    let (before, after) = (extents(columns, baseline)?, extents(columns, current)?);
    let rule = |(place, (before, after)): (usize, (&Extent, &Extent))| {
        let field = &columns.fields[place];
        if columns.is_turned(place) {
            return Rule::Turned;
        }
        if !is_number(field) || before.distinct <= DISTINCT_MAX {
            return Rule::Categories;
        }
        let (low, high) = (before.low.min(after.low), before.high.max(after.high));
        let whole = [current, baseline].iter().all(|side| is_whole(*side, &field.name));
        match is_bounded(&[low, high, high - low]) {
            true => Rule::Edges(inner_edges(low, high, before.present + after.present, whole)),
            false => Rule::Unbounded,
        }
    };
    Ok(before.iter().zip(&after).enumerate().map(rule).collect())
}

/// Whether a side's column is one of integers: numpy's floats are what they become where one side has them.
fn is_whole(side: &dyn Frame, column: &str) -> bool {
    side.fields().iter().any(|field| field.name == column && field.kind == Kind::Integer)
}

/// What Sturges' rule needs to know of one side of a column.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    /// Rows with a value.
    present: u64,
    distinct: u64,
    low: f64,
    high: f64,
}

/// The extent of every column of numbers, in one scan.
fn extents(columns: &Columns, frame: &dyn Frame) -> Result<Vec<Extent>, Failure> {
    let mut ask = Ask::new();
    let gaps = Gaps::ask(&mut ask, frame, &columns.fields);
    let measured = |(place, field): (usize, &Field)| {
        let is_measured = is_number(field) && !columns.is_turned(place);
        let name = &field.name;
        is_measured.then(|| (ask.distinct(name), ask.minimum(name), ask.maximum(name)))
    };
    let asked: Vec<_> = columns.fields.iter().enumerate().map(measured).collect();
    let answers = frame.answer(ask)?;
    let gaps = gaps.found(&answers)?;
    let mut extents = Vec::new();
    for (place, asked) in asked.into_iter().enumerate() {
        let Some((distinct, low, high)) = asked else {
            extents.push(Extent::default());
            continue;
        };
        extents.push(Extent {
            present: gaps.present(place),
            distinct: answers.get(distinct)?,
            low: answers.get(low)?.unwrap_or(f64::NAN),
            high: answers.get(high)?.unwrap_or(f64::NAN),
        });
    }
    Ok(extents)
}

/// Sturges' number of bins between two ends, in the same steps of arithmetic as numpy's `histogram_bin_edges`, so that
/// no edge falls on the other side of a value; bins of whole numbers are at least 1 wide.
fn inner_edges(low: f64, high: f64, rows: u64, whole: bool) -> Vec<f64> {
    let apart = high - low;
    let width = apart / ((rows as f64).log2() + 1.0);
    let width = if whole { width.max(1.0) } else { width };
    let bins = (apart / width).ceil();
    let step = apart / bins;
    (1..bins as u32).map(|bin| f64::from(bin) * step + low).collect()
}

fn is_bounded(edges: &[f64]) -> bool {
    edges.iter().all(|edge| edge.is_finite())
}

/// Why a column that is compared has no bins.
pub(super) fn unbounded(field: &Field) -> Failure {
    Failure::config(format!(
        "bins cannot be drawn over column \"{}\": it holds infinite values or values too far apart; make them null in a \
         view",
        field.name
    ))
}

#[cfg(test)]
mod tests {
    use super::{apart, inner_edges};

    #[test]
    fn equal_deciles_are_a_bin_of_their_own() {
        assert_eq!(apart(&[1.0, 2.0, 2.0, 3.0]), [1.0, 2.0, 2.0_f64.next_up(), 3.0]);
        assert_eq!(apart(&[0.0; 9]), [0.0, f64::MIN_POSITIVE]);
        assert_eq!(apart(&[f64::MAX; 9]), [f64::MAX]);
    }

    #[test]
    fn bins_are_as_many_as_sturges_says() {
        // numpy.histogram_bin_edges(numpy.linspace(0, 1, 64), "sturges"): 7 bins.
        assert_eq!(inner_edges(0.0, 1.0, 64, false).len(), 6);
        assert_eq!(inner_edges(0.0, 3.0, 64, true), [1.0, 2.0]);
    }
}
