//! Whether a step helped: it acted, and only what was looked at afterwards makes a remedy of it.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// How it is found out whether a step helped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// What is looked at.
    pub by: VerifyBy,
    /// How long it may take until it helps, from its end.
    pub within: Duration,
}

impl Verify {
    /// How long a step may take to help unless the runbook says otherwise.
    pub const WITHIN: Duration = Duration::from_secs(600);
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerifyBy {
    /// The monitor's own check, on the data as it is then.
    Check,
    /// The state of what was acted on, read back from its peer.
    State,
}

impl fmt::Display for VerifyBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Check => "check",
            Self::State => "state",
        })
    }
}

/// What is known of a step that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// It acted; nobody looks whether it helped.
    Acted,
    /// It acted, and it is being looked at whether it helped.
    Verifying,
    /// It helped.
    Remediated,
    /// It did not help in time.
    NotRemediated,
}

impl Remedy {
    /// The word kept in the store and used in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acted => "acted",
            Self::Verifying => "verifying",
            Self::Remediated => "remediated",
            Self::NotRemediated => "not_remediated",
        }
    }

    /// The remedy of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Acted, Self::Verifying, Self::Remediated, Self::NotRemediated]
            .into_iter()
            .find(|remedy| remedy.as_str() == word)
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().replace('_', " "))
    }
}
