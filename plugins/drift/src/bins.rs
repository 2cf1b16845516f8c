//! The rows of both samples, counted in the same bins.

mod categories;
mod edges;

use watchkeeper_plugin::{Ask, Asked, Failure, Field, Frame, Gaps};

use crate::columns::Columns;
use crate::profile::Profile;
use crate::{Side, Sides};

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
    /// Not at all: its numbers have no ends that bins could lie between.
    Unbounded,
    /// Not at all: the window holds values of another kind.
    Turned,
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

/// How every column of both sides is counted, by place.
#[derive(Debug, Default)]
pub(crate) struct Drawn(Vec<(Rule, Counts, Counts)>);

/// Draws the bins of all columns by the profile and counts both sides, what is missing along with them: each side is
/// read no more often than it must be.
pub(crate) fn drawn<'a>(
    columns: &Columns,
    current: &'a dyn Frame,
    baseline: &'a dyn Frame,
    profile: Profile,
) -> Result<(Sides<'a>, Drawn), Failure> {
    let rules = match profile {
        Profile::Quantile10 => edges::deciles(columns, baseline)?,
        Profile::Evidently => edges::sturges(columns, current, baseline)?,
    };
    let (before, expected) = counted(columns, &rules, baseline)?;
    let (now, actual) = counted(columns, &rules, current)?;
    let sides = Sides { current: Side { frame: current, gaps: now }, baseline: Side { frame: baseline, gaps: before } };
    let counts = rules.into_iter().zip(expected).zip(actual).map(|((rule, expected), actual)| (rule, expected, actual));
    Ok((sides, Drawn(counts.collect())))
}

impl Drawn {
    /// The bins of the column at a place, which is compared.
    pub(crate) fn bins(&mut self, place: usize, field: &Field, window: &Side<'_>) -> Result<Bins, Failure> {
        let Some((rule, expected, actual)) = self.0.get_mut(place) else { return Ok(Bins::NotDrawn) };
        if *rule == Rule::Unbounded {
            return Err(edges::unbounded(field));
        }
        match (std::mem::take(expected), std::mem::take(actual)) {
            (Counts::Bins(expected), Counts::Bins(actual)) => {
                Ok(Bins::Counted(Binned { expected, actual, unseen: Unseen::default() }))
            }
            (Counts::Values(expected), Counts::Values(actual)) => {
                categories::paired(field, expected, actual, window.frame, window.gaps.present(place))
            }
            // Both sides are counted by one rule.
            _ => Ok(Bins::NotDrawn),
        }
    }
}

/// One side's counts of one column.
#[derive(Debug, Default)]
enum Counts {
    #[default]
    Nothing,
    Bins(Vec<u64>),
    Values(Vec<(String, u64)>),
}

/// What is missing in each column of a side, and its counts, in one scan.
fn counted(columns: &Columns, rules: &[Rule], frame: &dyn Frame) -> Result<(Gaps, Vec<Counts>), Failure> {
    enum Question {
        Nothing,
        Bins(Asked<Vec<u64>>),
        Values(Asked<Vec<(String, u64)>>),
    }
    let mut ask = Ask::new();
    let gaps = Gaps::ask(&mut ask, frame, &columns.fields);
    let mut asked = Vec::new();
    for (field, rule) in columns.fields.iter().zip(rules) {
        asked.push(match rule {
            Rule::Edges(edges) => Question::Bins(ask.histogram(&field.name, edges.clone())),
            Rule::Categories => Question::Values(ask.top(&field.name, CATEGORIES_MAX as u32 + 1)),
            Rule::Unbounded | Rule::Turned => Question::Nothing,
        });
    }
    let answers = frame.answer(ask)?;
    let read = asked.into_iter().map(|asked| match asked {
        Question::Nothing => Ok(Counts::Nothing),
        Question::Bins(bins) => answers.get(bins).map(Counts::Bins),
        Question::Values(values) => answers.get(values).map(Counts::Values),
    });
    Ok((gaps.found(&answers)?, read.collect::<Result<_, _>>()?))
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
