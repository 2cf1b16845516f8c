//! What may be counted on after a crash, and what is done about a step of which nothing is known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What users may count on when a crash or a time-out hits in the middle of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(rename_all = "lowercase")]
pub enum Guarantee {
    /// Exactly once: effect and record are one transaction.
    Local,
    /// Effectively once while the peer remembers the key: the same bytes are sent again.
    Guarded,
    /// At most once; our mark is looked for, and UNKNOWN when it is not found.
    Probe,
    /// At most once; never sent again: UNKNOWN.
    Once,
}

/// What is done about a step in INTENT of whose sending nothing is known: its owner is gone, or no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// The same is sent again.
    SendAgain,
    /// Our mark is looked for at the peer.
    Look,
    /// Nothing can be known, so nothing is done: the outcome is UNKNOWN.
    LeaveUnknown,
    /// Nothing was done, and nothing is any more.
    GiveUp,
}

impl Guarantee {
    /// After the owner is gone. `late`: it is too late for the step to begin.
    pub fn when_abandoned(self, late: bool) -> Recovery {
        match (self, late) {
            (Self::Local, true) => Recovery::GiveUp,
            (Self::Local, false) | (Self::Guarded, false) => Recovery::SendAgain,
            (Self::Guarded, true) | (Self::Once, _) => Recovery::LeaveUnknown,
            (Self::Probe, _) => Recovery::Look,
        }
    }

    /// When no answer came in time.
    pub fn when_unanswered(self) -> Recovery {
        match self {
            Self::Probe => Recovery::Look,
            Self::Local | Self::Guarded | Self::Once => Recovery::LeaveUnknown,
        }
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Local => "local",
            Self::Guarded => "guarded",
            Self::Probe => "probe",
            Self::Once => "once",
        })
    }
}
