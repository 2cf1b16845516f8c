//! The structure of every file, as JSON Schema: what editors complete from and what the walker checks against.

mod plugins;

pub use plugins::monitor_schema;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use crate::raw::{monitor::MonitorFile, runbook::RunbookFile, sources::SourcesFile, watchkeeper::WatchkeeperFile};

/// The four kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// `config/watchkeeper.toml`
    Watchkeeper,
    /// `config/sources.toml`
    Sources,
    /// `config/monitors/*.toml`
    Monitor,
    /// `runbooks/*.toml`
    Runbook,
}

impl FileKind {
    /// Every kind with the word that the command line takes.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Watchkeeper, "watchkeeper"),
        (Self::Sources, "sources"),
        (Self::Monitor, "monitor"),
        (Self::Runbook, "runbook"),
    ];
}

/// The JSON Schema (draft 2020-12) of a kind of file.
pub fn json_schema(kind: FileKind) -> Value {
    match kind {
        FileKind::Watchkeeper => schema_of::<WatchkeeperFile>(),
        FileKind::Sources => schema_of::<SourcesFile>(),
        FileKind::Monitor => schema_of::<MonitorFile>(),
        FileKind::Runbook => schema_of::<RunbookFile>(),
    }
}

fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// The schema behind references, and behind the `anyOf … null` of what may be absent.
pub(crate) fn resolve<'s>(root: &'s Value, mut schema: &'s Value) -> &'s Value {
    loop {
        let target =
            schema.get("$ref").and_then(Value::as_str).and_then(|path| root.pointer(path.trim_start_matches('#')));
        let choices = schema.get("anyOf").and_then(Value::as_array);
        let present =
            choices.and_then(|choices| choices.iter().find(|choice| choice.get("type") != Some(&"null".into())));
        match target.or(present) {
            Some(next) => schema = next,
            None => return schema,
        }
    }
}

/// The types a schema admits, `null` left out: TOML has none.
pub(crate) fn types(schema: &Value) -> Vec<&str> {
    let all = match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    all.into_iter().filter(|name| *name != "null").collect()
}

/// The keys of which exactly one must be given.
pub(crate) fn one_of(schema: &Value) -> Vec<&str> {
    let choices = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    choices.filter_map(|choice| choice.pointer("/required/0").and_then(Value::as_str)).collect()
}

/// The strings under a keyword: `enum` or `required`.
pub(crate) fn strings<'s>(schema: &'s Value, keyword: &str) -> Vec<&'s str> {
    schema.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
