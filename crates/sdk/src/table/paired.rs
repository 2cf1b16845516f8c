//! The aggregates that compare columns row by row, written for reading: the host's must agree with them.

use super::Table;
use crate::bindings::watchkeeper::check::data::{ClassColumns, Classes, Errors};
use crate::{Column, Failure, Sum};

impl Table {
    /// Answers `classes`.
    pub(super) fn classes(&self, of: &ClassColumns) -> Result<Classes, Failure> {
        let labels = cells(self.find(&of.label)?)?;
        let scores = cells(self.find(&of.score)?)?;
        let decisions = match &of.decision {
            Some(decision) => cells(self.find(decision)?)?,
            None => scores.iter().map(|score| score.map(|score| f64::from(score >= of.threshold))).collect(),
        };
        let mut scored = Scored::new();
        for ((label, score), decision) in labels.into_iter().zip(scores).zip(decisions) {
            match (label, score, decision) {
                (Some(label), Some(score), Some(decision)) => scored.add(label, score, decision),
                _ => scored.found.skipped += 1,
            }
        }
        Ok(scored.finish())
    }

    /// Answers `errors`.
    pub(super) fn errors(&self, target: &str, prediction: &str) -> Result<Errors, Failure> {
        let (targets, predictions) = (cells(self.find(target)?)?, cells(self.find(prediction)?)?);
        let all = targets.len();
        let finite = |cell: Option<f64>| cell.filter(|cell| cell.is_finite());
        let pairs = targets.into_iter().zip(predictions);
        let pairs: Vec<(f64, f64)> = pairs.filter_map(|(t, p)| Some((finite(t)?, finite(p)?))).collect();
        let sum = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(t, p)| of(*t, *p)).collect::<Sum>().value();
        let mean = sum(&|t, _| t) / pairs.len() as f64;
        Ok(Errors {
            rows: pairs.len() as u64,
            skipped: (all - pairs.len()) as u64,
            error_sum: sum(&|t, p| p - t),
            absolute_sum: sum(&|t, p| (p - t).abs()),
            relative_sum: sum(&|t, p| (p - t).abs() / t.abs().max(f64::EPSILON)),
            squared_sum: sum(&|t, p| (p - t).powi(2)),
            target_squares: sum(&|t, _| (t - mean).powi(2)),
        })
    }
}

/// A column's cells.
fn cells(column: &Column) -> Result<Vec<Option<f64>>, Failure> {
    Ok(column.numbers()?.iter().collect())
}

struct Scored {
    found: Classes,
    scores: Vec<(f64, bool)>,
    log_loss: Sum,
    brier: Sum,
}

impl Scored {
    fn new() -> Self {
        let found = Classes {
            rows: 0,
            skipped: 0,
            stray_label: None,
            stray_decision: None,
            true_positives: 0,
            false_positives: 0,
            false_negatives: 0,
            true_negatives: 0,
            auc: None,
            outside: 0,
            log_loss_sum: 0.0,
            brier_sum: 0.0,
        };
        Self { found, scores: Vec::new(), log_loss: Sum::default(), brier: Sum::default() }
    }

    fn add(&mut self, label: f64, score: f64, decision: f64) {
        self.found.rows += 1;
        let Some(label) = class(label, &mut self.found.stray_label) else { return };
        let Some(decision) = class(decision, &mut self.found.stray_decision) else { return };
        *match (label, decision) {
            (true, true) => &mut self.found.true_positives,
            (false, true) => &mut self.found.false_positives,
            (true, false) => &mut self.found.false_negatives,
            (false, false) => &mut self.found.true_negatives,
        } += 1;
        self.scores.push((score, label));
        self.found.outside += u64::from(!(0.0..=1.0).contains(&score));
        let of_label = if label { score } else { 1.0 - score };
        self.log_loss.add(-of_label.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln());
        self.brier.add((1.0 - of_label).powi(2));
    }

    fn finish(mut self) -> Classes {
        Classes {
            auc: auc(&mut self.scores),
            log_loss_sum: self.log_loss.value(),
            brier_sum: self.brier.value(),
            ..self.found
        }
    }
}

fn class(cell: f64, stray: &mut Option<f64>) -> Option<bool> {
    if cell == 0.0 || cell == 1.0 {
        return Some(cell == 1.0);
    }
    *stray = Some(stray.map_or(cell, |least| least.min(cell)));
    None
}

/// The chance that a row of class 1 scores above one of class 0, equal scores counting one half; sorts the rows.
fn auc(rows: &mut [(f64, bool)]) -> Option<f64> {
    // Partial order is total here: rows hold no NaN, and -0 equals 0.
    rows.sort_unstable_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    // Twice the pairs won, in whole numbers, so that the order within ties and the number of rows cannot cost digits.
    let (mut zeros, mut ones, mut twice_won) = (0_u64, 0_u64, 0_u128);
    for tie in rows.chunk_by(|a, b| a.0 == b.0) {
        let tied_ones = tie.iter().filter(|(_, label)| *label).count() as u64;
        let tied_zeros = tie.len() as u64 - tied_ones;
        twice_won += u128::from(tied_ones) * u128::from(2 * zeros + tied_zeros);
        zeros += tied_zeros;
        ones += tied_ones;
    }
    let pairs = u128::from(zeros) * u128::from(ones);
    (pairs > 0).then(|| twice_won as f64 / (2 * pairs) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ask, Frame};

    #[test]
    fn ties_count_one_half() {
        let mut rows = [(0.1, false), (0.4, false), (0.4, true), (0.8, true)];
        assert_eq!(auc(&mut rows), Some(0.875));
        assert_eq!(auc(&mut [(-0.0, true), (0.0, false)]), Some(0.5));
        assert_eq!(auc(&mut [(0.9, false), (0.1, true)]), Some(0.0));
        assert_eq!(auc(&mut [(0.9, true), (0.1, true)]), None);
        assert_eq!(auc(&mut []), None);
    }

    #[test]
    fn strays_are_named_and_rows_with_gaps_skipped() -> Result<(), Failure> {
        let table = Table::new()
            .integers("y", [Some(1), None, Some(0), Some(3), Some(2)])
            .numbers("p", [Some(0.9), Some(0.2), Some(f64::NAN), Some(0.5), Some(0.5)]);
        let mut ask = Ask::new();
        let asked = ask.classes("y", "p", None, 0.5);
        let found = table.answer(ask)?.get(asked)?;
        assert_eq!((found.rows, found.skipped, found.true_positives), (3, 2, 1));
        assert_eq!((found.stray_label, found.stray_decision, found.auc), (Some(2.0), None, None));
        Ok(())
    }

    #[test]
    fn errors_leave_out_what_is_not_finite() -> Result<(), Failure> {
        let table = Table::new()
            .numbers("t", [Some(1.0), Some(3.0), None, Some(f64::INFINITY)])
            .numbers("p", [Some(2.0), Some(2.0), Some(0.0), Some(0.0)]);
        let mut ask = Ask::new();
        let asked = ask.errors("t", "p");
        let found = table.answer(ask)?.get(asked)?;
        assert_eq!((found.rows, found.skipped), (2, 2));
        assert_eq!(
            (found.error_sum, found.absolute_sum, found.squared_sum, found.target_squares),
            (0.0, 2.0, 2.0, 2.0)
        );
        Ok(())
    }
}
