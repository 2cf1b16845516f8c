//! `mlflow`: a registered model's alias, put back to a version that was good.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionFault, Connection, Fill, Guarantee, Kind, Undo, faults::of_name};

/// Set the alias of a registered model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MlflowAction {
    /// The tracking server.
    pub peer: Connection,
    /// The registered model.
    pub model: String,
    /// The alias that is served, as `champion`.
    pub alias: String,
    /// Where it is set to.
    pub to: ModelVersion,
    /// The version that it has to be at, else it is left alone.
    #[serde(default)]
    pub only_if: Option<String>,
}

/// A version of a registered model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelVersion {
    /// This one.
    Number(String),
    /// The one that another alias is at, when the step begins.
    Alias(String),
}

impl ModelVersion {
    /// Whether a text is the number of a version: at most so many digits as a registry counts to.
    pub fn is_number(text: &str) -> bool {
        (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl fmt::Display for ModelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(version) => write!(f, "version {version}"),
            Self::Alias(alias) => write!(f, "the version of @{alias}"),
        }
    }
}

impl Kind for MlflowAction {
    fn word(&self) -> &'static str {
        "mlflow"
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::Guarded
    }

    fn target(&self) -> String {
        format!("mlflow:{}/{}@{}", self.peer.url, self.model, self.alias)
    }

    fn excludes_others(&self) -> bool {
        true
    }

    fn summary(&self) -> String {
        format!("set {}@{} to {}", self.model, self.alias, self.to)
    }

    fn arguments(&self) -> String {
        let only_if = self.only_if.as_ref().map(|version| format!(", if it is at version {version}"));
        format!("{} {}{}", self.peer.url, self.summary(), only_if.unwrap_or_default())
    }

    fn faults(&self) -> Vec<ActionFault> {
        let mut faults = self.peer.faults();
        faults.extend(of_name(&["model"], &self.model, "a registered model"));
        faults.extend(of_name(&["alias"], &self.alias, "an alias"));
        faults.extend(match &self.to {
            ModelVersion::Number(version) => of_name(&["version"], version, "a version"),
            ModelVersion::Alias(alias) => of_name(&["version"], alias, "an alias"),
        });
        faults
    }

    fn filled(&self, _: &mut Fill<'_>) -> Action {
        Action::Mlflow(self.clone())
    }

    fn output(&self) -> Option<&'static str> {
        Some("version")
    }

    fn reads_back(&self) -> bool {
        true
    }

    fn undo(&self) -> Undo {
        Undo::Restores("set the alias to the version before")
    }

    fn undone(&self, before: &Value) -> Option<Action> {
        let (was, to) = (before["version"].as_str()?, before["to"].as_str()?);
        let to_what = ModelVersion::Number(was.to_owned());
        Some(Action::Mlflow(Self { to: to_what, only_if: Some(to.to_owned()), ..self.clone() }))
    }
}
