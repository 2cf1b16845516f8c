//! Which ask makes sense for which column.

use watchkeeper_engine::ports::frame::{Aggregate, FieldKind, FrameError};

use crate::shape::Shape;

/// Refuses what cannot be answered: statistics need numbers (flags count as 0 and 1), the ends of a range may be times.
pub(super) fn refuse_unfit(shape: &Shape, ask: &Aggregate) -> Result<(), FrameError> {
    match ask {
        Aggregate::Rows | Aggregate::Nulls(_) | Aggregate::Nans(_) | Aggregate::Distinct(_) | Aggregate::Top(..) => {
            Ok(())
        }
        Aggregate::Minimum(column) => ordered(shape, "a minimum", column),
        Aggregate::Maximum(column) => ordered(shape, "a maximum", column),
        Aggregate::Mean(column) => numeric(shape, "a mean", column),
        Aggregate::Deviation(column) => numeric(shape, "a deviation", column),
        Aggregate::Quantile(column, share) => quantile(shape, column, *share),
        Aggregate::Histogram(column, edges) => histogram(shape, column, edges),
        Aggregate::Classes(of) => {
            let columns = [&of.label, &of.score].into_iter().chain(&of.decision);
            columns.into_iter().try_for_each(|column| numeric(shape, "a comparison of classes", column))
        }
        Aggregate::Errors { target, prediction } => {
            [target, prediction].into_iter().try_for_each(|column| numeric(shape, "a comparison", column))
        }
    }
}

fn quantile(shape: &Shape, column: &str, share: f64) -> Result<(), FrameError> {
    if (0.0..=1.0).contains(&share) {
        return numeric(shape, "a quantile", column);
    }
    shape.index(column)?;
    Err(shape.refused(format!("a quantile of `{column}` is asked at {share}; it must be within 0 and 1")))
}

fn histogram(shape: &Shape, column: &str, edges: &[f64]) -> Result<(), FrameError> {
    if edges.is_sorted_by(|a, b| a <= b) && !edges.iter().any(|edge| edge.is_nan()) {
        return numeric(shape, "a histogram", column);
    }
    shape.index(column)?;
    Err(shape.refused(format!("the edges of the histogram of `{column}` do not ascend")))
}

fn numeric(shape: &Shape, what: &str, column: &str) -> Result<(), FrameError> {
    refuse(shape, what, column, &[FieldKind::Number, FieldKind::Integer, FieldKind::Flag])
}

fn ordered(shape: &Shape, what: &str, column: &str) -> Result<(), FrameError> {
    refuse(shape, what, column, &[FieldKind::Number, FieldKind::Integer, FieldKind::Flag, FieldKind::Time])
}

fn refuse(shape: &Shape, what: &str, column: &str, kinds: &[FieldKind]) -> Result<(), FrameError> {
    let field = &shape.fields[shape.index(column)?];
    if kinds.contains(&field.kind) {
        return Ok(());
    }
    Err(shape.refused(format!("{what} of `{column}` needs numbers, but the column is {}", field.data_type)))
}
