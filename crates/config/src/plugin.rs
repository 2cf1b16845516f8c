//! What configuration needs to know of a plugin.

use watchkeeper_model::ParamValue;

/// A plugin's parameters and metrics.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PluginManual {
    /// What it measures, in a sentence.
    pub summary: String,
    /// What it takes.
    pub params: Vec<PluginParam>,
    /// What it measures; empty: any metric, with any labels.
    pub metrics: Vec<PluginMetric>,
    /// Whether it is known to fail without a baseline.
    pub needs_baseline: bool,
}

/// A parameter that a plugin takes.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginParam {
    /// Its name.
    pub name: String,
    /// What its author says of it.
    pub doc: String,
    /// `text`, `number`, `integer`, `flag`, `texts` or `numbers`.
    pub kind: String,
    /// Whether it must be given.
    pub required: bool,
    /// What holds when it is not given.
    pub default: Option<ParamValue>,
}

/// A metric that a plugin measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginMetric {
    /// Its name.
    pub name: String,
    /// What its author says of it.
    pub doc: String,
    /// The labels its series carry.
    pub labels: Vec<String>,
}

/// Why a plugin cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginFault {
    /// What is wrong, for example ``there is no plugin `nul-rate` ``.
    pub message: String,
    /// How to put it right, for example the nearest name.
    pub help: Option<String>,
    /// Whether there is such a plugin. One that is there and cannot be used costs its own monitors their measurements;
    /// one that is not there is a mistake of the workspace.
    pub is_there: bool,
}
