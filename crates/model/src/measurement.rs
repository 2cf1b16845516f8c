//! What a check measured, and the verdict on it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// Label names and values, ordered by name.
pub type Labels = BTreeMap<String, String>;

/// The identity of a measured number over time: a metric and its labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Series {
    /// For example `null_rate`.
    pub metric: String,
    /// For example `column = income`.
    pub labels: Labels,
}

impl fmt::Display for Series {
    /// `null_rate{column="income"}`, or the bare metric when there are no labels.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.metric)?;
        for (index, (name, value)) in self.labels.iter().enumerate() {
            let open = if index == 0 { "{" } else { ", " };
            write!(f, "{open}{name}={value:?}")?;
        }
        if self.labels.is_empty() { Ok(()) } else { f.write_str("}") }
    }
}

/// One number a check computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Which number this is.
    pub series: Series,
    /// Its value, in the unit the plugin's manual states.
    pub value: f64,
    /// A sentence for people, for example which columns changed.
    pub detail: Option<String>,
}

/// The judgement on a series or a monitor, from best to worst; the worst series decides for the monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within every threshold.
    Ok,
    /// Past a `warn` threshold.
    Warn,
    /// Nothing to judge: no rows, too few rows, or labels of one class.
    NoData,
    /// Past a `breach` threshold.
    Breach,
    /// The check or its data failed; never shown as ok.
    Error,
}

impl Verdict {
    /// The word used in TOML, JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::NoData => "no_data",
            Self::Breach => "breach",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
