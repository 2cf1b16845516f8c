//! Many questions, one scan: asks become accumulators, which batches are fed to and whose results are the answers.
//!
//! A NaN is no value: it is left out of everything but `Rows` and `Nans`, as a null is of everything but `Rows` and
//! `Nulls`.

mod area;
mod block;
mod classes;
mod counts;
mod errors;
mod extremes;
mod fit;
mod frequencies;
mod histogram;
mod keys;
mod moments;
mod part;
mod quantiles;
mod runs;
mod select;
mod spread;

use std::io;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, FrameError};

use crate::cells::Column;
use crate::shape::Shape;
use part::{Accumulator, Part};
use runs::Room;

/// Answers over more rows than this are worked out on a thread that may block.
const QUICK_ROWS_MAX: u64 = 100_000;

pub(crate) use quantiles::between;
pub(crate) use runs::NotKept;

/// The asks of one scan, and which accumulator answers each.
#[derive(Debug)]
pub(crate) struct Questions {
    asks: Vec<Aggregate>,
    /// The columns that are read, as positions in the frame's schema.
    columns: Vec<usize>,
    /// One accumulator each; asks of the same columns that need the same kind share one.
    parts: Vec<Part>,
    /// For each ask its part; `None` for the number of rows.
    answered_by: Vec<Option<usize>>,
    /// What its accumulators hold in memory together.
    room: Room,
}

/// The accumulators of one scan, or of one part of it.
#[derive(Debug)]
pub(crate) struct Tally {
    rows: u64,
    accumulators: Vec<Accumulator>,
}

impl Questions {
    /// Checks every ask against the columns: they must be there and be of a type that the ask makes sense for.
    pub(crate) fn new(shape: &Shape, asks: &[Aggregate]) -> Result<Self, FrameError> {
        let (columns, parts, answered_by) = (Vec::new(), Vec::new(), Vec::new());
        let mut questions = Self { asks: asks.to_vec(), columns, parts, answered_by, room: Room::default() };
        for ask in asks {
            fit::refuse_unfit(shape, ask)?;
            let columns = &mut questions.columns;
            let part = Part::of(shape, ask, |index| position(columns, index))?;
            let part = part.map(|part| position(&mut questions.parts, part));
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
        Tally { rows: 0, accumulators: self.parts.iter().map(|part| part.start(&self.room)).collect() }
    }

    /// The answers, in the order asked. Takes as long as sorting the rows where their order is asked for.
    pub(crate) fn answers(&self, mut tally: Tally) -> io::Result<Vec<Answer>> {
        for (ask, part) in self.asks.iter().zip(&self.answered_by) {
            part.iter().for_each(|part| tally.accumulators[*part].expect(ask));
        }
        let answers = self.asks.iter().zip(&self.answered_by).map(|(ask, part)| match part {
            Some(part) => tally.accumulators[*part].answer(ask),
            None => Ok(Answer::Count(tally.rows)),
        });
        answers.collect()
    }
}

impl Tally {
    /// How many rows it took in.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether its answers are there in no time.
    pub(crate) fn is_quick(&self) -> bool {
        self.rows <= QUICK_ROWS_MAX
    }

    /// Takes in a batch whose columns stand at the given positions, in the order of `Questions::columns`.
    pub(crate) fn add(&mut self, batch: &RecordBatch, columns: &[usize]) -> Result<(), ArrowError> {
        self.rows += batch.num_rows() as u64;
        let columns =
            columns.iter().map(|column| Column::read(batch.column(*column))).collect::<Result<Vec<_>, _>>()?;
        self.accumulators.iter_mut().try_for_each(|accumulator| accumulator.add(&columns))
    }

    /// Takes in what a later part of the same scan found.
    pub(crate) fn merge(&mut self, later: Self) -> io::Result<()> {
        self.rows += later.rows;
        self.accumulators.iter_mut().zip(later.accumulators).try_for_each(|(mine, theirs)| mine.merge(theirs))
    }
}

/// The position of an item, put at the end if it is not there yet.
fn position<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items.iter().position(|known| *known == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}
