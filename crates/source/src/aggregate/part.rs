//! The kinds of accumulators: which one an ask needs, and how it is fed, joined and asked.

use std::io;

use datafusion::arrow::error::ArrowError;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, FieldKind, FrameError};

use super::classes::{ComparedColumns, Comparison};
use super::counts::Counts;
use super::errors::Deviations;
use super::extremes::Extremes;
use super::frequencies::Frequencies;
use super::histogram::Histogram;
use super::moments::Moments;
use super::quantiles::Quantiles;
use super::runs::Room;
use crate::cells::Column;
use crate::shape::Shape;

/// What an accumulator is made from. Columns are positions among those read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Counts(usize),
    Frequencies(usize, FieldKind),
    Extremes(usize),
    Moments(usize),
    Quantiles(usize),
    Histogram(usize, Vec<f64>),
    Classes(ComparedColumns),
    Errors { target: usize, prediction: usize },
}

/// What has been seen of one or several columns.
#[derive(Debug)]
pub(super) enum Accumulator {
    Counts(usize, Counts),
    Frequencies(usize, Frequencies),
    Extremes(usize, Extremes),
    Moments(usize, Moments),
    Quantiles(usize, Quantiles),
    Histogram(usize, Histogram),
    Classes(Box<Comparison>),
    Errors { target: usize, prediction: usize, found: Box<Deviations> },
}

impl Part {
    /// The part that answers an ask; `None` for the number of rows. `place` gives a schema's column its position.
    pub(super) fn of(
        shape: &Shape,
        ask: &Aggregate,
        mut place: impl FnMut(usize) -> usize,
    ) -> Result<Option<Self>, FrameError> {
        let mut at = |column: &String| shape.index(column).map(&mut place);
        Ok(Some(match ask {
            Aggregate::Rows => return Ok(None),
            Aggregate::Nulls(column) | Aggregate::Nans(column) => Self::Counts(at(column)?),
            Aggregate::Distinct(column) | Aggregate::Top(column, _) => {
                Self::Frequencies(at(column)?, shape.fields[shape.index(column)?].kind)
            }
            Aggregate::Minimum(column) | Aggregate::Maximum(column) => Self::Extremes(at(column)?),
            Aggregate::Mean(column) | Aggregate::Deviation(column) => Self::Moments(at(column)?),
            Aggregate::Quantile(column, _) => Self::Quantiles(at(column)?),
            Aggregate::Histogram(column, edges) => Self::Histogram(at(column)?, edges.clone()),
            Aggregate::Classes(of) => Self::Classes(ComparedColumns {
                label: at(&of.label)?,
                score: at(&of.score)?,
                decision: of.decision.as_ref().map(&mut at).transpose()?,
                threshold: of.threshold,
            }),
            Aggregate::Errors { target, prediction } => {
                Self::Errors { target: at(target)?, prediction: at(prediction)? }
            }
        }))
    }

    /// An accumulator that has seen nothing; `room` is what all of a scan hold in memory together.
    pub(super) fn start(&self, room: &Room) -> Accumulator {
        match self {
            Self::Counts(column) => Accumulator::Counts(*column, Counts::default()),
            Self::Frequencies(column, kind) => Accumulator::Frequencies(*column, Frequencies::new(*kind)),
            Self::Extremes(column) => Accumulator::Extremes(*column, Extremes::default()),
            Self::Moments(column) => Accumulator::Moments(*column, Moments::default()),
            Self::Quantiles(column) => Accumulator::Quantiles(*column, Quantiles::new(room)),
            Self::Histogram(column, edges) => Accumulator::Histogram(*column, Histogram::new(edges.clone())),
            Self::Classes(columns) => Accumulator::Classes(Box::new(Comparison::new(*columns, room))),
            Self::Errors { target, prediction } => {
                Accumulator::Errors { target: *target, prediction: *prediction, found: Box::default() }
            }
        }
    }
}

impl Accumulator {
    pub(super) fn add(&mut self, columns: &[Column]) -> Result<(), ArrowError> {
        match self {
            Self::Counts(column, counts) => counts.add(&columns[*column]),
            Self::Frequencies(column, frequencies) => frequencies.add(columns[*column].cells())?,
            Self::Extremes(column, extremes) => extremes.add(columns[*column].numbers()),
            Self::Moments(column, moments) => moments.add(columns[*column].numbers()),
            Self::Quantiles(column, quantiles) => quantiles.add(columns[*column].numbers())?,
            Self::Histogram(column, histogram) => histogram.add(columns[*column].numbers()),
            Self::Classes(comparison) => comparison.add(columns)?,
            Self::Errors { target, prediction, found } => {
                found.add(columns[*target].numbers(), columns[*prediction].numbers());
            }
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, later: Self) -> io::Result<()> {
        match (self, later) {
            (Self::Counts(_, mine), Self::Counts(_, later)) => mine.merge(&later),
            (Self::Frequencies(_, mine), Self::Frequencies(_, later)) => mine.merge(later),
            (Self::Extremes(_, mine), Self::Extremes(_, later)) => mine.merge(&later),
            (Self::Moments(_, mine), Self::Moments(_, later)) => mine.merge(&later),
            (Self::Quantiles(_, mine), Self::Quantiles(_, later)) => mine.merge(later),
            (Self::Histogram(_, mine), Self::Histogram(_, later)) => mine.merge(&later),
            (Self::Classes(mine), Self::Classes(later)) => mine.merge(*later)?,
            (Self::Errors { found: mine, .. }, Self::Errors { found: later, .. }) => mine.merge(*later),
            // Both tallies start from the same parts, so no other pair can meet.
            _ => {}
        }
        Ok(())
    }

    /// Says what will be asked, for those that answer several asks together.
    pub(super) fn expect(&mut self, ask: &Aggregate) {
        if let (Self::Quantiles(_, quantiles), Aggregate::Quantile(_, share)) = (self, ask) {
            quantiles.expect(*share);
        }
    }

    pub(super) fn answer(&mut self, ask: &Aggregate) -> io::Result<Answer> {
        Ok(match (self, ask) {
            (Self::Counts(_, counts), Aggregate::Nans(_)) => Answer::Count(counts.nans),
            (Self::Counts(_, counts), _) => Answer::Count(counts.nulls),
            (Self::Frequencies(_, frequencies), Aggregate::Top(_, limit)) => {
                Answer::Groups(frequencies.top(*limit as usize))
            }
            (Self::Frequencies(_, frequencies), _) => Answer::Count(frequencies.distinct()),
            (Self::Extremes(_, extremes), Aggregate::Maximum(_)) => Answer::Number(extremes.maximum()),
            (Self::Extremes(_, extremes), _) => Answer::Number(extremes.minimum()),
            (Self::Moments(_, moments), Aggregate::Deviation(_)) => Answer::Number(moments.deviation()),
            (Self::Moments(_, moments), _) => Answer::Number(moments.mean()),
            (Self::Quantiles(_, quantiles), Aggregate::Quantile(_, share)) => Answer::Number(quantiles.at(*share)?),
            (Self::Quantiles(..), _) => Answer::Number(None),
            (Self::Histogram(_, histogram), _) => Answer::Counts(histogram.counts()),
            (Self::Classes(comparison), _) => Answer::Classes(comparison.finish()?),
            (Self::Errors { found, .. }, _) => Answer::Errors(found.finish()),
        })
    }
}
