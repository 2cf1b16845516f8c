//! The rows of both samples, counted in the same bins.

mod edges;

use std::collections::BTreeMap;

use watchkeeper_plugin::{Ask, Asked, Failure, Field, Frame};

use crate::Sides;
use crate::profile::Profile;

/// More different values than this are not categories but names.
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
    /// Categories of the window that the baseline lacks.
    new: Vec<String>,
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

/// Draws every column's bins by the profile and counts both sides.
pub(crate) fn drawn(fields: &[&Field], sides: &Sides<'_>, profile: Profile) -> Result<Vec<Bins>, Failure> {
    let (current, baseline) = (sides.current.frame(), sides.baseline.frame());
    let rules = match profile {
        Profile::Quantile10 => edges::deciles(fields, baseline)?,
        Profile::Evidently => edges::sturges(fields, current, baseline)?,
    };
    let expected = counts(fields, &rules, baseline)?;
    let actual = counts(fields, &rules, current)?;
    Ok(expected.into_iter().zip(actual).map(|(expected, actual)| paired(expected, actual)).collect())
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

fn paired(expected: Counts, actual: Counts) -> Bins {
    match (expected, actual) {
        (Counts::Bins(expected), Counts::Bins(actual)) => Bins::Counted(Binned { expected, actual, new: Vec::new() }),
        (Counts::Values(expected), Counts::Values(actual)) => categories(expected, actual),
        // Both sides are counted by one rule.
        _ => Bins::NotDrawn,
    }
}

/// Every value of either side is a bin, in the order of the values.
fn categories(expected: Vec<(String, u64)>, actual: Vec<(String, u64)>) -> Bins {
    let mut both: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (value, count) in expected {
        both.entry(value).or_default().0 += count;
    }
    for (value, count) in actual {
        both.entry(value).or_default().1 += count;
    }
    if both.len() > CATEGORIES_MAX {
        return Bins::TooMany;
    }
    let mut binned = Binned::default();
    for (value, (expected, actual)) in both {
        binned.expected.push(expected);
        binned.actual.push(actual);
        if expected == 0 {
            binned.new.push(value);
        }
    }
    Bins::Counted(binned)
}

impl Binned {
    /// The window's categories that the baseline lacks, in words.
    pub(crate) fn unseen(&self) -> Option<String> {
        let told: Vec<&str> = self.new.iter().take(TOLD_MAX).map(String::as_str).collect();
        let more = match self.new.len() - told.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!told.is_empty()).then(|| format!("not in the baseline: {}{more}", told.join(", ")))
    }

    #[cfg(test)]
    pub(crate) fn of(expected: &[u64], actual: &[u64]) -> Self {
        Self { expected: expected.to_vec(), actual: actual.to_vec(), new: Vec::new() }
    }
}
