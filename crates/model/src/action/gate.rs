//! `gate`: a switch in our own store, set in the transaction that ends its step.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionFault, Fill, Guarantee, Kind, Undo};
use crate::Name;

/// Set a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateAction {
    /// The gate's name.
    pub gate: Name,
    /// The state it is set to.
    pub state: GateState,
}

/// The state of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateState {
    /// Decisions may be made.
    Open,
    /// Decisions must wait.
    Paused,
}

impl GateState {
    /// The word used in TOML, JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
        }
    }
}

impl fmt::Display for GateState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Kind for GateAction {
    fn word(&self) -> &'static str {
        "gate"
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::Local
    }

    fn target(&self) -> String {
        format!("gate:{} {}", self.gate, self.state)
    }

    fn excludes_others(&self) -> bool {
        // It is set in one transaction.
        false
    }

    fn summary(&self) -> String {
        match self.state {
            GateState::Paused => format!("pause gate {}", self.gate),
            GateState::Open => format!("open gate {}", self.gate),
        }
    }

    fn arguments(&self) -> String {
        format!("gate {} {}", self.gate, self.state)
    }

    fn faults(&self) -> Vec<ActionFault> {
        Vec::new()
    }

    fn filled(&self, _: &mut Fill<'_>) -> Action {
        Action::Gate(self.clone())
    }

    fn output(&self) -> Option<&'static str> {
        None
    }

    fn reads_back(&self) -> bool {
        false
    }

    fn undo(&self) -> Undo {
        match self.state {
            GateState::Paused => Undo::Restores("open the gate"),
            GateState::Open => Undo::Restores("pause the gate again; what was decided meanwhile stands"),
        }
    }

    fn undone(&self, before: &Value) -> Option<Action> {
        let state = serde_json::from_value(before["state"].clone()).ok()?;
        Some(Action::Gate(Self { gate: self.gate.clone(), state })).filter(|_| state != self.state)
    }
}
