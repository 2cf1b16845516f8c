//! Many questions, one scan: asks become accumulators, which batches are fed to and whose results are the answers.
//!
//! A NaN is no value: it is left out of everything but `Rows` and `Nans`, as a null is of everything but `Rows` and
//! `Nulls`.

mod counts;
mod extremes;
mod frequencies;
mod histogram;
mod moments;
mod quantiles;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, FieldKind, FrameError};

use crate::cells::Cells;
use crate::shape::Shape;
use counts::Counts;
use extremes::Extremes;
use frequencies::Frequencies;
use histogram::Histogram;
use moments::Moments;
use quantiles::Quantiles;

pub(crate) use quantiles::between;

/// The asks, and which accumulator answers each.
#[derive(Debug)]
pub(crate) struct Questions {
    asks: Vec<Aggregate>,
    /// The columns that are read, as positions in the frame's schema.
    columns: Vec<usize>,
    /// One accumulator each: the position of its column in `columns`, and its kind.
    parts: Vec<(usize, Part)>,
    /// For each ask its part; `None` for the number of rows.
    answered_by: Vec<Option<usize>>,
}

/// A kind of accumulator; asks of one column that need the same kind share one.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Counts,
    Frequencies(FieldKind),
    Extremes,
    Moments,
    Quantiles,
    Histogram(Vec<f64>),
}

/// The accumulators of one scan, or of one part of it.
#[derive(Debug)]
pub(crate) struct Tally {
    rows: u64,
    accumulators: Vec<(usize, Accumulator)>,
}

#[derive(Debug)]
enum Accumulator {
    Counts(Counts),
    Frequencies(Frequencies),
    Extremes(Extremes),
    Moments(Moments),
    Quantiles(Quantiles),
    Histogram(Histogram),
}

impl Questions {
    /// Checks every ask against the columns: they must be there and be of a type that the ask makes sense for.
    pub(crate) fn new(shape: &Shape, asks: &[Aggregate]) -> Result<Self, FrameError> {
        let mut questions =
            Self { asks: asks.to_vec(), columns: Vec::new(), parts: Vec::new(), answered_by: Vec::new() };
        for ask in asks {
            let part = questions.part_for(shape, ask)?;
            questions.answered_by.push(part);
        }
        Ok(questions)
    }

    /// The columns to read, as positions in the frame's schema.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Accumulators that have seen nothing yet.
    pub(crate) fn start(&self) -> Tally {
        Tally { rows: 0, accumulators: self.parts.iter().map(|(column, part)| (*column, part.start())).collect() }
    }

    /// The answers, in the order asked.
    pub(crate) fn answers(&self, mut tally: Tally) -> Vec<Answer> {
        let answers = self.asks.iter().zip(&self.answered_by).map(|(ask, part)| match part {
            Some(part) => tally.accumulators[*part].1.answer(ask),
            None => Answer::Count(tally.rows),
        });
        answers.collect()
    }

    fn part_for(&mut self, shape: &Shape, ask: &Aggregate) -> Result<Option<usize>, FrameError> {
        let Some(name) = column_of(ask) else { return Ok(None) };
        let index = shape.index(name)?;
        refuse_unfit(shape, index, ask)?;
        let part = part_of(ask, shape.fields[index].kind);
        let column = position(&mut self.columns, index);
        Ok(Some(position(&mut self.parts, (column, part))))
    }
}

impl Tally {
    /// Takes in a batch whose columns stand at the given positions, in the order of `Questions::columns`.
    pub(crate) fn add(&mut self, batch: &RecordBatch, columns: &[usize]) -> Result<(), ArrowError> {
        self.rows += batch.num_rows() as u64;
        let cells = columns.iter().map(|column| Cells::read(batch.column(*column))).collect::<Result<Vec<_>, _>>()?;
        self.accumulators.iter_mut().try_for_each(|(column, accumulator)| accumulator.add(&cells[*column]))
    }

    /// Takes in what a later part of the same scan found.
    pub(crate) fn merge(&mut self, later: Self) {
        self.rows += later.rows;
        for ((_, mine), (_, theirs)) in self.accumulators.iter_mut().zip(later.accumulators) {
            mine.merge(theirs);
        }
    }
}

impl Part {
    fn start(&self) -> Accumulator {
        match self {
            Self::Counts => Accumulator::Counts(Counts::default()),
            Self::Frequencies(kind) => Accumulator::Frequencies(Frequencies::new(*kind)),
            Self::Extremes => Accumulator::Extremes(Extremes::default()),
            Self::Moments => Accumulator::Moments(Moments::default()),
            Self::Quantiles => Accumulator::Quantiles(Quantiles::default()),
            Self::Histogram(edges) => Accumulator::Histogram(Histogram::new(edges.clone())),
        }
    }
}

impl Accumulator {
    fn add(&mut self, cells: &Cells) -> Result<(), ArrowError> {
        match self {
            Self::Counts(counts) => counts.add(cells),
            Self::Frequencies(frequencies) => frequencies.add(cells)?,
            Self::Extremes(extremes) => extremes.add(cells),
            Self::Moments(moments) => moments.add(cells),
            Self::Quantiles(quantiles) => quantiles.add(cells),
            Self::Histogram(histogram) => histogram.add(cells),
        }
        Ok(())
    }

    fn merge(&mut self, later: Self) {
        match (self, later) {
            (Self::Counts(mine), Self::Counts(later)) => mine.merge(&later),
            (Self::Frequencies(mine), Self::Frequencies(later)) => mine.merge(later),
            (Self::Extremes(mine), Self::Extremes(later)) => mine.merge(&later),
            (Self::Moments(mine), Self::Moments(later)) => mine.merge(&later),
            (Self::Quantiles(mine), Self::Quantiles(later)) => mine.merge(&later),
            (Self::Histogram(mine), Self::Histogram(later)) => mine.merge(&later),
            // Both tallies start from the same parts, so no other pair can meet.
            _ => {}
        }
    }

    fn answer(&mut self, ask: &Aggregate) -> Answer {
        match (self, ask) {
            (Self::Counts(counts), Aggregate::Nans(_)) => Answer::Count(counts.nans),
            (Self::Counts(counts), _) => Answer::Count(counts.nulls),
            (Self::Frequencies(frequencies), Aggregate::Top(_, limit)) => {
                Answer::Groups(frequencies.top(*limit as usize))
            }
            (Self::Frequencies(frequencies), _) => Answer::Count(frequencies.distinct()),
            (Self::Extremes(extremes), Aggregate::Maximum(_)) => Answer::Number(extremes.maximum()),
            (Self::Extremes(extremes), _) => Answer::Number(extremes.minimum()),
            (Self::Moments(moments), Aggregate::Deviation(_)) => Answer::Number(moments.deviation()),
            (Self::Moments(moments), _) => Answer::Number(moments.mean()),
            (Self::Quantiles(quantiles), Aggregate::Quantile(_, share)) => Answer::Number(quantiles.at(*share)),
            (Self::Quantiles(_), _) => Answer::Number(None),
            (Self::Histogram(histogram), _) => Answer::Counts(histogram.counts()),
        }
    }
}

fn column_of(ask: &Aggregate) -> Option<&str> {
    match ask {
        Aggregate::Rows => None,
        Aggregate::Nulls(column)
        | Aggregate::Nans(column)
        | Aggregate::Distinct(column)
        | Aggregate::Minimum(column)
        | Aggregate::Maximum(column)
        | Aggregate::Mean(column)
        | Aggregate::Deviation(column)
        | Aggregate::Quantile(column, _)
        | Aggregate::Histogram(column, _)
        | Aggregate::Top(column, _) => Some(column),
    }
}

fn part_of(ask: &Aggregate, kind: FieldKind) -> Part {
    match ask {
        Aggregate::Rows | Aggregate::Nulls(_) | Aggregate::Nans(_) => Part::Counts,
        Aggregate::Distinct(_) | Aggregate::Top(..) => Part::Frequencies(kind),
        Aggregate::Minimum(_) | Aggregate::Maximum(_) => Part::Extremes,
        Aggregate::Mean(_) | Aggregate::Deviation(_) => Part::Moments,
        Aggregate::Quantile(..) => Part::Quantiles,
        Aggregate::Histogram(_, edges) => Part::Histogram(edges.clone()),
    }
}

/// Statistics need numbers (flags count as 0 and 1); the ends of a range may be times too.
fn refuse_unfit(shape: &Shape, index: usize, ask: &Aggregate) -> Result<(), FrameError> {
    let field = &shape.fields[index];
    let (what, times) = match ask {
        Aggregate::Minimum(_) => ("a minimum", true),
        Aggregate::Maximum(_) => ("a maximum", true),
        Aggregate::Mean(_) => ("a mean", false),
        Aggregate::Deviation(_) => ("a deviation", false),
        Aggregate::Quantile(_, share) if !(0.0..=1.0).contains(share) => {
            return Err(
                shape.fault(format!("a quantile of `{}` is asked at {share}; it must be within 0 and 1", field.name))
            );
        }
        Aggregate::Quantile(..) => ("a quantile", false),
        Aggregate::Histogram(_, edges) if !edges.is_sorted_by(|a, b| a <= b) || edges.iter().any(|e| e.is_nan()) => {
            return Err(shape.fault(format!("the edges of the histogram of `{}` do not ascend", field.name)));
        }
        Aggregate::Histogram(..) => ("a histogram", false),
        Aggregate::Rows | Aggregate::Nulls(_) | Aggregate::Nans(_) | Aggregate::Distinct(_) | Aggregate::Top(..) => {
            return Ok(());
        }
    };
    match field.kind {
        FieldKind::Number | FieldKind::Integer | FieldKind::Flag => Ok(()),
        FieldKind::Time if times => Ok(()),
        _ => {
            Err(shape.fault(format!("{what} of `{}` needs numbers, but the column is {}", field.name, field.data_type)))
        }
    }
}

/// The position of an item, put at the end if it is not there yet.
fn position<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items.iter().position(|known| *known == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}
