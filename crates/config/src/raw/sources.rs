//! `config/sources.toml`: where data comes from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::FormatWord;

/// Sources: named places that data comes from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourcesFile {
    /// Sources by name, kebab-case.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"format": "name"}))]
    pub(crate) source: BTreeMap<String, Source>,
}

/// A named place that data comes from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["files"]}, {"required": ["view"]}]))]
pub(crate) struct Source {
    /// The column that windows are cut on.
    pub(crate) time_column: Option<String>,
    /// Files of one format and one schema.
    pub(crate) files: Option<Files>,
    /// SQL over other sources.
    pub(crate) view: Option<View>,
}

/// Files of one format and one schema.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Files {
    /// A path relative to the workspace, or absolute; `*` matches within a folder.
    pub(crate) path: String,
    /// Told by the file's extension when absent.
    pub(crate) format: Option<FormatWord>,
}

/// A read-only query over other sources.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct View {
    /// Other sources stand in it by name, double-quoted where they contain a hyphen.
    pub(crate) sql: String,
}
