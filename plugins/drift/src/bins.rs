//! The rows of both samples, counted in the same bins.

mod categories;
mod edges;

use watchkeeper_plugin::{Ask, Asked, Failure, Field, Frame};

use crate::Sides;
use crate::columns::Columns;
use crate::profile::Profile;

/// More different values than this in the baseline are not categories but names.
pub(crate) const CATEGORIES_MAX: usize = 1_000;

/// Unseen categories that are told by name.
const TOLD_MAX: usize = 5;

/// One column's bins.
#[derive(Debug)]
pub(crate) enum Bins {
    /// No method asked for them.
    NotDrawn,
    /// Counts of both samples.
    Counted(Binned),
    /// More categories than are compared.
    TooMany,
}

/// Counts in the same bins; each side has at least one row.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Binned {
    pub(crate) expected: Vec<u64>,
    pub(crate) actual: Vec<u64>,
    /// What of the window the baseline lacks.
    unseen: Unseen,
}

/// Categories of the window that the baseline lacks.
#[derive(Debug, Default, PartialEq)]
struct Unseen {
    /// Those that are bins of their own.
    named: Vec<String>,
    /// Rows of all others, which are one bin.
    rows: u64,
}

/// How one column is counted.
#[derive(Debug, PartialEq)]
pub(crate) enum Rule {
    /// Between ascending inner edges.
    Edges(Vec<f64>),
    /// Each value for itself.
    Categories,
}

impl Bins {
    /// The counts, where there are any.
    pub(crate) fn counts(&self) -> Option<&Binned> {
        match self {
            Self::Counted(binned) => Some(binned),
            Self::NotDrawn | Self::TooMany => None,
        }
    }
}

/// Draws the bins of some columns by the profile and counts both sides.
pub(crate) fn drawn(
    places: &[usize],
    columns: &Columns,
    sides: &Sides<'_>,
    profile: Profile,
) -> Result<Vec<Bins>, Failure> {
    let fields: Vec<&Field> = places.iter().map(|place| &columns.fields[*place]).collect();
    let (current, baseline) = (sides.current.frame, sides.baseline.frame);
    let rules = match profile {
        Profile::Quantile10 => edges::deciles(&fields, baseline)?,
        Profile::Evidently => edges::sturges(places, &fields, sides)?,
    };
    let expected = counts(&fields, &rules, baseline)?;
    let actual = counts(&fields, &rules, current)?;
    let mut bins = Vec::new();
    for (((place, field), expected), actual) in places.iter().zip(&fields).zip(expected).zip(actual) {
        bins.push(match (expected, actual) {
            (Counts::Bins(expected), Counts::Bins(actual)) => {
                Bins::Counted(Binned { expected, actual, unseen: Unseen::default() })
            }
            (Counts::Values(expected), Counts::Values(actual)) => {
                categories::paired(field, expected, actual, current, sides.current.gaps.present(*place))?
            }
            // Both sides are counted by one rule.
            _ => Bins::NotDrawn,
        });
    }
    Ok(bins)
}

/// One side's counts of one column.
enum Counts {
    Bins(Vec<u64>),
    Values(Vec<(String, u64)>),
}

fn counts(fields: &[&Field], rules: &[Rule], frame: &dyn Frame) -> Result<Vec<Counts>, Failure> {
    enum Question {
        Bins(Asked<Vec<u64>>),
        Values(Asked<Vec<(String, u64)>>),
    }
    let mut ask = Ask::new();
    let mut asked = Vec::new();
    for (field, rule) in fields.iter().zip(rules) {
        asked.push(match rule {
            Rule::Edges(edges) => Question::Bins(ask.histogram(&field.name, edges.clone())),
            Rule::Categories => Question::Values(ask.top(&field.name, CATEGORIES_MAX as u32 + 1)),
        });
    }
    let answers = frame.answer(ask)?;
    let read = asked.into_iter().map(|asked| match asked {
        Question::Bins(bins) => answers.get(bins).map(Counts::Bins),
        Question::Values(values) => answers.get(values).map(Counts::Values),
    });
    read.collect()
}

impl Binned {
    /// Two samples without anything in common.
    pub(crate) fn apart(expected: u64, actual: u64) -> Self {
        Self { expected: vec![expected, 0], actual: vec![0, actual], unseen: Unseen::default() }
    }

    /// The window's categories that the baseline lacks, in words.
    pub(crate) fn unseen(&self) -> Option<String> {
        let Unseen { named, rows } = &self.unseen;
        if *rows > 0 {
            return Some(format!("{rows} rows hold values that the baseline lacks, too many to name"));
        }
        let told: Vec<&str> = named.iter().take(TOLD_MAX).map(String::as_str).collect();
        let more = match named.len() - told.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!told.is_empty()).then(|| format!("not in the baseline: {}{more}", told.join(", ")))
    }

    #[cfg(test)]
    pub(crate) fn of(expected: &[u64], actual: &[u64]) -> Self {
        Self { expected: expected.to_vec(), actual: actual.to_vec(), unseen: Unseen::default() }
    }
}
