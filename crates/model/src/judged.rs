//! A judged series: what was measured, what is said of it, and what it counts for incidents.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Comparison, Excess, Judgement, Series, SeriesReport, Verdict};

/// What a judgement is about. No metric's name is ever taken for the absence of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub enum Subject {
    /// One number.
    Series(Series),
    /// All that could not be measured or judged at a tick.
    Unmeasured(Cause),
}

/// Why something could not be measured or judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// There was nothing to judge.
    NoData,
    /// The check or its data failed.
    Error,
}

/// One subject of a tick, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What this is about.
    pub subject: Subject,
    /// Its value; absent when nothing was measured.
    pub value: Option<f64>,
    /// The same series on the baseline, where a relative limit needs it.
    pub baseline: Option<f64>,
    /// The verdict that people are shown; `ok` without a threshold.
    pub verdict: Verdict,
    /// What counts for incidents; absent where nothing can be judged.
    pub counted: Option<Counted>,
    /// The limit it is judged against; absent without a threshold.
    pub limit: Option<Comparison>,
    /// How far it is past that limit; absent when it is not.
    pub excess: Option<Excess>,
    /// What the check says of it, or why there is no value.
    pub detail: Option<String>,
}

/// What one judgement counts for its group's incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The judgement.
    pub judgement: Judgement,
    /// How many in a row it takes.
    pub streaks: Streaks,
}

/// How many judgements in a row move an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streaks {
    /// Breaches before it opens; at least 1.
    pub consecutive: u32,
    /// Recoveries before it resolves; at least 1.
    pub recover: u32,
}

impl Streaks {
    /// The first breach opens, the first recovery resolves.
    pub const AT_ONCE: Self = Self { consecutive: 1, recover: 1 };
}

impl Judged {
    /// As people are told.
    pub fn report(&self) -> SeriesReport {
        SeriesReport {
            subject: self.subject.clone(),
            value: self.value,
            baseline: self.baseline,
            verdict: self.verdict,
            limit: self.limit.as_ref().map(ToString::to_string).unwrap_or_default(),
            excess: self.excess,
            detail: self.detail.clone(),
        }
    }
}

impl Subject {
    /// The number, where there is one.
    pub fn series(&self) -> Option<&Series> {
        match self {
            Self::Series(series) => Some(series),
            Self::Unmeasured(_) => None,
        }
    }
}

impl Cause {
    /// Both, the milder one first.
    pub const ALL: [Self; 2] = [Self::NoData, Self::Error];

    /// The verdict on what could not be measured for this cause.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::NoData => Verdict::NoData,
            Self::Error => Verdict::Error,
        }
    }
}

impl fmt::Display for Subject {
    /// The series as it is written, or the cause's word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Series(series) => series.fmt(f),
            Self::Unmeasured(cause) => f.write_str(cause.verdict().as_str()),
        }
    }
}

/// A subject in JSON: a series as it is, `{"unmeasured": "no_data"}` for what was not measured.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Series(Series),
    Unmeasured { unmeasured: Cause },
}

impl From<Subject> for Stored {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Series(series) => Self::Series(series),
            Subject::Unmeasured(unmeasured) => Self::Unmeasured { unmeasured },
        }
    }
}

impl From<Stored> for Subject {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Series(series) => Self::Series(series),
            Stored::Unmeasured { unmeasured } => Self::Unmeasured(unmeasured),
        }
    }
}
