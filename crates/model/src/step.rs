//! The life of a step, from planned to settled, and on to another attempt, as one table.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a step stands. An end stays one until people want another attempt, or the reason for which the step was
/// withheld is gone while the breach goes on; `Unknown` has to be settled first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Recorded; nothing has been sent.
    Planned,
    /// Recorded; people start it, or have to agree to it.
    Waiting,
    /// People did; it is sent as soon as the daemon sees that.
    Released,
    /// About to be sent, or sent and not yet answered.
    Intent,
    /// It ended.
    Ended(Outcome),
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it should.
    Done,
    /// It did not, for certain.
    Failed,
    /// It may have run or may yet run.
    Unknown,
    /// It was not attempted.
    Withheld,
}

/// What happens to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEvent {
    /// People started it or agreed to it.
    Release,
    /// The intent is committed.
    Begin,
    /// The guard or people said no, or nobody agreed in time.
    Withhold,
    /// The action ended, or recovery found how it ended.
    End(Outcome),
    /// People say how it ended.
    Settle(Outcome),
    /// What withheld it is gone, and the breach goes on.
    Resume,
    /// People want another attempt, which nobody has to agree to.
    Again,
    /// People want another attempt, and others have to agree.
    AskAgain,
}

impl StepStatus {
    /// The status after an event; `None` when the event cannot happen there.
    pub fn next(self, event: StepEvent) -> Option<Self> {
        match (self, event) {
            (Self::Waiting, StepEvent::Release) => Some(Self::Released),
            (Self::Planned | Self::Released, StepEvent::Begin) => Some(Self::Intent),
            (Self::Planned | Self::Waiting | Self::Released, StepEvent::Withhold) => {
                Some(Self::Ended(Outcome::Withheld))
            }
            (Self::Intent, StepEvent::End(outcome @ (Outcome::Done | Outcome::Failed | Outcome::Unknown))) => {
                Some(Self::Ended(outcome))
            }
            (Self::Ended(Outcome::Unknown), StepEvent::Settle(outcome @ (Outcome::Done | Outcome::Failed))) => {
                Some(Self::Ended(outcome))
            }
            (Self::Ended(Outcome::Withheld), StepEvent::Resume) => Some(Self::Planned),
            (Self::Ended(Outcome::Done | Outcome::Failed | Outcome::Withheld), StepEvent::Again) => {
                Some(Self::Released)
            }
            (Self::Ended(Outcome::Done | Outcome::Failed | Outcome::Withheld), StepEvent::AskAgain) => {
                Some(Self::Waiting)
            }
            _ => None,
        }
    }

    /// The word kept in the store and shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Waiting => "waiting",
            Self::Released => "released",
            Self::Intent => "intent",
            Self::Ended(outcome) => outcome.as_str(),
        }
    }

    /// The status of this word.
    pub fn parse(word: &str) -> Option<Self> {
        let ended = [Outcome::Done, Outcome::Failed, Outcome::Unknown, Outcome::Withheld].map(Self::Ended);
        [Self::Planned, Self::Waiting, Self::Released, Self::Intent]
            .into_iter()
            .chain(ended)
            .find(|status| status.as_str() == word)
    }
}

impl Outcome {
    /// The word used in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Withheld => "withheld",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
