//! How scores and decisions meet the true classes.

use std::io;

use watchkeeper_engine::ports::frame::Classes;

use super::area::area;
use super::block::{BLOCK, Pending, Sum};
use super::keys::key;
use super::runs::{Room, Runs};
use crate::cells::Column;

/// The columns compared, as positions among those read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ComparedColumns {
    pub(super) label: usize,
    pub(super) score: usize,
    /// Without it, a score from `threshold` on decides for class 1.
    pub(super) decision: Option<usize>,
    pub(super) threshold: f64,
}

/// What has been compared.
#[derive(Debug)]
pub(super) struct Comparison {
    columns: ComparedColumns,
    /// All rows.
    seen: u64,
    /// Label, score, decision.
    pending: Pending<3>,
    found: Found,
}

#[derive(Debug)]
struct Found {
    /// Everything but what the last three tell.
    classes: Classes,
    /// Keys of the scores of class 1 and of class 0.
    ones: Runs,
    zeros: Runs,
    log_loss: Sum,
    brier: Sum,
}

impl Comparison {
    pub(super) fn new(columns: ComparedColumns, room: &Room) -> Self {
        let (ones, zeros) = (Runs::new(room), Runs::new(room));
        let (classes, log_loss, brier) = (Classes::default(), Sum::default(), Sum::default());
        let found = Found { classes, ones, zeros, log_loss, brier };
        Self { columns, seen: 0, pending: Pending::default(), found }
    }

    /// Takes in a batch.
    pub(super) fn add(&mut self, columns: &[Column]) -> io::Result<()> {
        let of = self.columns;
        let (labels, scores) = (columns[of.label].numbers(), columns[of.score].numbers());
        // Where no column decides, the scores stand in its place until the block is looked at.
        let decisions = of.decision.map_or(scores, |decision| columns[decision].numbers());
        self.seen += labels.len() as u64;
        let whole = |[label, score, decision]: [f64; 3]| !(label.is_nan() | score.is_nan() | decision.is_nan());
        let mut added = Ok(());
        self.pending.add([labels, scores, decisions], whole, |block| {
            if added.is_ok() {
                added = self.found.add(block, of);
            }
        });
        added
    }

    pub(super) fn merge(&mut self, mut later: Self) -> io::Result<()> {
        self.flush()?;
        later.flush()?;
        self.seen += later.seen;
        self.found.merge(later.found);
        Ok(())
    }

    /// The comparison of all rows. Sorts the scores.
    pub(super) fn finish(&mut self) -> io::Result<Classes> {
        self.flush()?;
        let found = &mut self.found;
        Ok(Classes {
            skipped: self.seen - found.classes.rows,
            auc: area(&mut found.ones, &mut found.zeros)?,
            log_loss_sum: found.log_loss.value(),
            brier_sum: found.brier.value(),
            ..found.classes
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let block = self.pending.rest();
        self.found.add(block, self.columns)
    }
}

impl Found {
    /// At most a block.
    fn add(&mut self, [labels, scores, decisions]: [&[f64]; 3], of: ComparedColumns) -> io::Result<()> {
        let mut decided = [0.0; BLOCK];
        let decided = &mut decided[..scores.len()];
        match of.decision {
            Some(_) => decided.copy_from_slice(decisions),
            None => decided.iter_mut().zip(scores).for_each(|(to, score)| *to = f64::from(*score >= of.threshold)),
        }
        self.classes.rows += labels.len() as u64;
        let strays = labels.iter().zip(&*decided).any(|(label, decision)| !is_class(*label) | !is_class(*decision));
        if !strays {
            return self.compare(labels, scores, decided);
        }
        let (mut rows, mut kept) = ([[0.0; BLOCK]; 3], 0);
        for ((label, score), decision) in labels.iter().zip(scores).zip(&*decided) {
            if self.is_stray(*label, *decision) {
                continue;
            }
            for (column, cell) in rows.iter_mut().zip([label, score, decision]) {
                column[kept] = *cell;
            }
            kept += 1;
        }
        self.compare(&rows[0][..kept], &rows[1][..kept], &rows[2][..kept])
    }

    fn is_stray(&mut self, label: f64, decision: f64) -> bool {
        let classes = &mut self.classes;
        if !is_class(label) {
            classes.stray_label = least(classes.stray_label, Some(label));
        } else if !is_class(decision) {
            classes.stray_decision = least(classes.stray_decision, Some(decision));
        }
        !is_class(label) || !is_class(decision)
    }

    /// Rows whose label and decision are 0 or 1.
    fn compare(&mut self, labels: &[f64], scores: &[f64], decisions: &[f64]) -> io::Result<()> {
        let rows = labels.len() as u64;
        let actual = labels.iter().map(|label| *label as u64).sum::<u64>();
        let decided = decisions.iter().map(|decision| *decision as u64).sum::<u64>();
        let hits = labels.iter().zip(decisions).map(|(label, decision)| (label * decision) as u64).sum::<u64>();
        self.classes.true_positives += hits;
        self.classes.false_positives += decided - hits;
        self.classes.false_negatives += actual - hits;
        self.classes.true_negatives += rows - actual - (decided - hits);
        self.keep(labels, scores)?;
        let inside = scores.iter().map(|score| u64::from((*score >= 0.0) & (*score <= 1.0))).sum::<u64>();
        self.classes.outside += rows - inside;
        // Once a score is no probability, the sums mean nothing.
        if self.classes.outside == 0 {
            self.add_losses(labels, scores);
        }
        Ok(())
    }

    /// Keeps the scores of both classes apart: a write to both for each row, so that nothing has to be guessed.
    fn keep(&mut self, labels: &[f64], scores: &[f64]) -> io::Result<()> {
        let (ones, zeros) = (self.ones.with_room(scores.len())?, self.zeros.with_room(scores.len())?);
        let (mut one, mut zero) = (ones.len(), zeros.len());
        ones.resize(one + scores.len(), 0);
        zeros.resize(zero + scores.len(), 0);
        for (label, score) in labels.iter().zip(scores) {
            let key = key(*score);
            (ones[one], zeros[zero]) = (key, key);
            one += usize::from(*label == 1.0);
            zero += usize::from(*label == 0.0);
        }
        ones.truncate(one);
        zeros.truncate(zero);
        Ok(())
    }

    fn add_losses(&mut self, labels: &[f64], scores: &[f64]) {
        let (mut losses, mut squares) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (row, (label, score)) in labels.iter().zip(scores).enumerate() {
            let of_label = if *label == 1.0 { *score } else { 1.0 - *score };
            losses[row] = -of_label.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
            squares[row] = (1.0 - of_label) * (1.0 - of_label);
        }
        self.log_loss.add(&losses[..labels.len()]);
        self.brier.add(&squares[..labels.len()]);
    }

    fn merge(&mut self, later: Self) {
        let (mine, theirs) = (&mut self.classes, &later.classes);
        mine.rows += theirs.rows;
        mine.true_positives += theirs.true_positives;
        mine.false_positives += theirs.false_positives;
        mine.false_negatives += theirs.false_negatives;
        mine.true_negatives += theirs.true_negatives;
        mine.outside += theirs.outside;
        mine.stray_label = least(mine.stray_label, theirs.stray_label);
        mine.stray_decision = least(mine.stray_decision, theirs.stray_decision);
        self.ones.merge(later.ones);
        self.zeros.merge(later.zeros);
        self.log_loss.merge(&later.log_loss);
        self.brier.merge(&later.brier);
    }
}

fn is_class(cell: f64) -> bool {
    (cell == 0.0) | (cell == 1.0)
}

fn least(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::min)
}
