//! The cells of a statement's row as answers.

use std::cmp::Ordering;

use chrono::{DateTime, SecondsFormat, Utc};
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Classes, Errors};

use super::column::{Cell, Form};
use super::dialect::Measured;
use crate::aggregate::between;

/// The answer to one ask.
pub(super) fn read(ask: &Aggregate, column: Option<Measured>, cells: &[Cell]) -> Result<Answer, String> {
    match ask {
        Aggregate::Rows | Aggregate::Nulls(_) | Aggregate::Nans(_) | Aggregate::Distinct(_) => {
            count(cells.first()).map(Answer::Count)
        }
        Aggregate::Minimum(_) | Aggregate::Maximum(_) => number(cells.first()).map(Answer::Number),
        Aggregate::Mean(_) => mean(cells).map(Answer::Number),
        Aggregate::Deviation(_) => deviation(cells).map(Answer::Number),
        Aggregate::Quantile(_, share) => ranked(*share, cells).map(Answer::Number),
        Aggregate::Histogram(_, edges) => bins(edges.len() + 1, cells.first()).map(Answer::Counts),
        Aggregate::Top(..) => {
            groups(column.map_or(Form::Text, |column| column.form), cells.first()).map(Answer::Groups)
        }
        Aggregate::Classes(_) => classes(cells).map(Answer::Classes),
        Aggregate::Errors { .. } => errors(cells).map(Answer::Errors),
    }
}

/// Cells as `Draft::compare_classes` writes them.
fn classes(cells: &[Cell]) -> Result<Classes, String> {
    let whole = |cell: usize| count(cells.get(cell));
    let (true_positives, false_positives, false_negatives, true_negatives) =
        (whole(4)?, whole(5)?, whole(6)?, whole(7)?);
    let ones = u128::from(true_positives + false_negatives);
    let pairs = ones * u128::from(false_positives + true_negatives);
    let won = match cells.get(11) {
        Some(Cell::Text(digits)) => {
            digits.parse::<u128>().map_err(|_| format!("the database counted `{digits}` pairs"))?
        }
        _ => 0,
    };
    Ok(Classes {
        rows: whole(1)?,
        skipped: whole(0)?,
        stray_label: number(cells.get(2))?,
        stray_decision: number(cells.get(3))?,
        true_positives,
        false_positives,
        false_negatives,
        true_negatives,
        auc: (pairs > 0).then(|| won as f64 / (2 * pairs) as f64),
        outside: whole(8)?,
        log_loss_sum: number(cells.get(9))?.unwrap_or(0.0),
        brier_sum: number(cells.get(10))?.unwrap_or(0.0),
    })
}

/// Cells as `Draft::sum_errors` writes them.
fn errors(cells: &[Cell]) -> Result<Errors, String> {
    let sum = |cell: usize| number(cells.get(cell)).map(|sum| sum.unwrap_or(0.0));
    let (rows, squares, distance) = (count(cells.get(1))?, sum(6)?, sum(7)?);
    let correction = if rows == 0 { 0.0 } else { distance * distance / rows as f64 };
    Ok(Errors {
        rows,
        skipped: count(cells.first())?,
        error_sum: sum(2)?,
        absolute_sum: sum(3)?,
        relative_sum: sum(4)?,
        squared_sum: sum(5)?,
        target_squares: (squares - correction).max(0.0),
    })
}

/// Cells: how many values, their mean, and the mean of their distances from it, which makes up for rounding.
fn mean(cells: &[Cell]) -> Result<Option<f64>, String> {
    let (pivot, distance) = (number(cells.get(1))?, number(cells.get(2))?);
    Ok(match (count(cells.first())?, pivot) {
        (0, _) => None,
        (_, Some(pivot)) if pivot.is_finite() => Some(pivot + distance.unwrap_or(0.0)),
        (_, infinite) => Some(infinite.unwrap_or(f64::NAN)),
    })
}

/// Cells: how many values, their mean, the sum of squared distances from it and the sum of the distances.
fn deviation(cells: &[Cell]) -> Result<Option<f64>, String> {
    let n = count(cells.first())? as f64;
    let [pivot, squares, sum] = [1, 2, 3].map(|cell| number(cells.get(cell)));
    let (pivot, squares, sum) = (pivot?, squares?.unwrap_or(f64::NAN), sum?.unwrap_or(f64::NAN));
    if n < 2.0 {
        return Ok(None);
    }
    let finite = pivot.is_some_and(f64::is_finite);
    Ok(Some(if finite { ((squares - sum * sum / n).max(0.0) / (n - 1.0)).sqrt() } else { f64::NAN }))
}

/// Cells: how many values, and the two that the quantile lies between.
fn ranked(share: f64, cells: &[Cell]) -> Result<Option<f64>, String> {
    let Some(last) = count(cells.first())?.checked_sub(1) else { return Ok(None) };
    let place = last as f64 * share;
    let low = number(cells.get(1))?.ok_or("the database gave no value at a rank that it has")?;
    let high = number(cells.get(2))?.unwrap_or(low);
    Ok(Some(between(low, high, place - place.floor())))
}

/// A cell: how many values there are, and how many from each edge on.
fn bins(bins: usize, cell: Option<&Cell>) -> Result<Vec<u64>, String> {
    let from: Vec<u64> = json(cell)?;
    if from.len() != bins {
        return Err("the database counted other bins than were asked".to_owned());
    }
    let above = from.iter().skip(1).copied().chain([0]);
    Ok(from.iter().zip(above).map(|(from, above)| from.saturating_sub(above)).collect())
}

fn groups(form: Form, cell: Option<&Cell>) -> Result<Vec<(String, u64)>, String> {
    let mut found: Vec<(String, u64)> = json(cell)?;
    // Not every database gathers groups in an order.
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| by_value(form, &a.0, &b.0)));
    Ok(found.into_iter().map(|(text, count)| (shown(form, text), count)).collect())
}

fn by_value(form: Form, one: &str, other: &str) -> Ordering {
    match form {
        Form::Text | Form::Other => one.cmp(other),
        Form::Number => one.parse().unwrap_or(f64::NAN).total_cmp(&other.parse().unwrap_or(f64::NAN)),
        _ => one.parse::<i64>().ok().cmp(&other.parse().ok()).then_with(|| one.cmp(other)),
    }
}

/// A value as the other sources show it.
fn shown(form: Form, text: String) -> String {
    match form {
        // Adding 0 makes -0 the 0 that it equals.
        Form::Number => text.parse::<f64>().map_or(text, |number| (number + 0.0).to_string()),
        Form::Flag => match text.as_str() {
            "1" => "true".to_owned(),
            "0" => "false".to_owned(),
            _ => text,
        },
        time if time.is_time() => {
            let time = text.parse().ok().and_then(DateTime::<Utc>::from_timestamp_micros);
            time.map_or(text, |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        }
        _ => text,
    }
}

fn json<T: serde::de::DeserializeOwned>(cell: Option<&Cell>) -> Result<T, String> {
    match cell {
        Some(Cell::Text(text)) => {
            serde_json::from_str(text).map_err(|error| format!("the database gave groups that cannot be read: {error}"))
        }
        _ => Err("the database gave no groups".to_owned()),
    }
}

/// A number of rows.
pub(super) fn count(cell: Option<&Cell>) -> Result<u64, String> {
    match cell {
        Some(Cell::Integer(count)) => u64::try_from(*count).map_err(|_| "the database counted below 0".to_owned()),
        other => Err(format!("the database gave {other:?} where a count was asked")),
    }
}

fn number(cell: Option<&Cell>) -> Result<Option<f64>, String> {
    match cell {
        Some(Cell::Number(number)) => Ok(Some(*number)),
        Some(Cell::Integer(number)) => Ok(Some(*number as f64)),
        Some(Cell::Null) => Ok(None),
        other => Err(format!("the database gave {other:?} where a number was asked")),
    }
}
