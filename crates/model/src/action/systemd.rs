//! `systemd`: a unit, restarted, started or stopped.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionFault, Fill, Guarantee, Kind, Undo, faults::fault};

/// Act on a unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemdAction {
    /// The unit's whole name, as `scoring.service`.
    pub unit: String,
    /// What is done to it.
    pub job: UnitJob,
    /// Whose manager it is.
    pub bus: Bus,
    /// Whether it has to be up (or down), else it is left alone.
    #[serde(default)]
    pub only_if_up: Option<bool>,
}

/// What is done to a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitJob {
    /// It is stopped, and started anew.
    Restart,
    /// It is brought up.
    Start,
    /// It is brought down.
    Stop,
}

/// Whose manager is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bus {
    /// The machine's.
    System,
    /// That of the user that Watchkeeper runs as.
    User,
}

impl UnitJob {
    /// The word used in TOML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Start => "start",
            Self::Stop => "stop",
        }
    }

    /// Whether the unit is up afterwards.
    pub fn leaves_up(self) -> bool {
        self != Self::Stop
    }
}

impl fmt::Display for UnitJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Kind for SystemdAction {
    fn word(&self) -> &'static str {
        "systemd"
    }

    fn guarantee(&self) -> Guarantee {
        match self.job {
            // Another invocation than the one before says that it was restarted.
            UnitJob::Restart => Guarantee::Probe,
            UnitJob::Start | UnitJob::Stop => Guarantee::Guarded,
        }
    }

    fn target(&self) -> String {
        format!("systemd:{}", self.unit)
    }

    fn excludes_others(&self) -> bool {
        true
    }

    fn summary(&self) -> String {
        format!("{} {}", self.job, self.unit)
    }

    fn arguments(&self) -> String {
        let only_if = self.only_if_up.map(|up| if up { ", if it is up" } else { ", if it is down" });
        format!("{}{}", self.summary(), only_if.unwrap_or_default())
    }

    fn faults(&self) -> Vec<ActionFault> {
        unit_fault(&self.unit)
            .map(|message| fault(&["unit"], message, "as in \"scoring.service\""))
            .into_iter()
            .collect()
    }

    fn filled(&self, _: &mut Fill<'_>) -> Action {
        Action::Systemd(self.clone())
    }

    fn output(&self) -> Option<&'static str> {
        Some("invocation")
    }

    fn reads_back(&self) -> bool {
        true
    }

    fn undo(&self) -> Undo {
        match self.job {
            UnitJob::Restart => Undo::Never("what a restart ended does not come back"),
            UnitJob::Start => Undo::Restores("stop it again"),
            UnitJob::Stop => Undo::Restores("start it again"),
        }
    }

    fn undone(&self, before: &Value) -> Option<Action> {
        let was_up = before["up"].as_bool()?;
        let job = match self.job {
            UnitJob::Start if !was_up => UnitJob::Stop,
            UnitJob::Stop if was_up => UnitJob::Start,
            _ => return None,
        };
        Some(Action::Systemd(Self { job, only_if_up: Some(!was_up), ..self.clone() }))
    }
}

/// Why a text is not a unit's whole name: what its manager takes for a pattern or a path is none.
pub fn unit_fault(unit: &str) -> Option<String> {
    const TYPES: [&str; 8] = ["service", "socket", "timer", "target", "path", "mount", "scope", "slice"];
    let plain = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    let (name, kind) = unit.rsplit_once('.').unwrap_or_default();
    let is_unit = !name.is_empty() && unit.len() <= 255 && unit.chars().all(plain) && TYPES.contains(&kind);
    (!is_unit).then(|| format!("`{}` is not the whole name of a unit", unit.escape_default()))
}
