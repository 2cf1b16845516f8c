//! Outline: what can be read of a workspace without its plugins and secrets, even while its files have mistakes.
//!
//! People answer an incident at night from another shell than the daemon's, perhaps while somebody edits: taking it,
//! pausing a gate and reading the record need the store's place and the known names, nothing more.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use watchkeeper_model::{Gate, GateState, Maintenance, Monitor, Name, Secret};

use crate::{
    diagnostic::{Diagnostic, DiagnosticSeverity},
    load,
    lower::{self, Files, Parsed},
    place::Report,
    tree::Node,
};

/// What can be read of a workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// The folder of the store, relative to the workspace.
    pub state: PathBuf,
    /// Where the URL of the store's server stands; absent for a store in the folder.
    pub store: Option<Secret>,
    /// The gates that can be read.
    pub gates: BTreeMap<Name, Gate>,
    /// Whether these are all: their file has no mistakes.
    pub gates_are_certain: bool,
    /// The maintenance windows that can be read.
    pub maintenance: BTreeMap<Name, Maintenance>,
    /// The monitors that can be read; `None` where the file has mistakes, so that only its name counts.
    pub monitors: BTreeMap<Name, Option<Monitor>>,
    /// Whether these are all: no monitor's file has mistakes.
    pub monitors_are_certain: bool,
    /// Every mistake but those of plugins and secrets, in the order of files and lines.
    pub mistakes: Vec<Diagnostic>,
}

/// Reads what can be read of the workspace in a folder. It asks no plugin and looks behind no secret.
pub fn outline(workspace: &Path) -> Outline {
    let mut report = Report::default();
    let files = load::read(workspace, &mut report);
    let lowered = lower::workspace(&files, workspace, None, &BTreeMap::new(), &mut report);
    let found = load::in_order(report.found).into_iter();
    let mistakes: Vec<_> = found.filter(|found| found.severity == DiagnosticSeverity::Error).collect();
    let sound = |path: &Path| !mistakes.iter().any(|mistake| mistake.path.starts_with(path));
    let id = |parsed: &Parsed<_>| name_in(parsed.node.get("monitor").and_then(|(_, head)| head.get("id")));
    let monitors = files.monitors.iter().filter_map(|parsed| Some((id(parsed)?, sound(&parsed.file.path))));
    Outline {
        state: state(&files),
        store: store(&files),
        maintenance: lowered.maintenance,
        gates: if lowered.gates.is_empty() { named_gates(&files) } else { lowered.gates },
        gates_are_certain: sound(Path::new("config/watchkeeper.toml")),
        monitors: monitors.map(|(id, ok)| (id.clone(), lowered.monitors.get(&id).filter(|_| ok).cloned())).collect(),
        monitors_are_certain: sound(Path::new("config/monitors")),
        mistakes,
    }
}

/// The store's folder as written, even in a file that cannot be read whole.
fn state(files: &Files) -> PathBuf {
    let daemon = files.watchkeeper.first().and_then(|parsed| parsed.node.get("daemon"));
    let written = daemon.and_then(|(_, daemon)| daemon.get("state")).filter(|(_, state)| !state.stand_in);
    written.and_then(|(_, state)| state.text()).unwrap_or(lower::STATE).into()
}

/// Where the URL of the store's server stands, as written.
fn store(files: &Files) -> Option<Secret> {
    let (_, store) = files.watchkeeper.first()?.node.get("store")?;
    let (_, url) = store.get("url").filter(|(_, url)| !url.stand_in)?;
    let text = |key| url.get(key).and_then(|(_, place)| place.text()).map(str::to_owned);
    let file = text("file").map(|file| Secret::File(file.into()));
    file.or_else(|| text("credential").map(Secret::Credential)).or_else(|| text("env").map(Secret::Env))
}

/// Of a file with mistakes of syntax, the gates' names.
fn named_gates(files: &Files) -> BTreeMap<Name, Gate> {
    let table = files.watchkeeper.first().and_then(|parsed| parsed.node.get("gate"));
    let names = table.map(|(_, table)| table.entries()).unwrap_or_default().iter();
    let gate = Gate { description: String::new(), on_unreachable: GateState::Paused };
    names.filter_map(|(key, _)| Some((Name::parse(&key.text).ok()?, gate.clone()))).collect()
}

fn name_in<K>(entry: Option<&(K, Node)>) -> Option<Name> {
    let (_, node) = entry.filter(|(_, node)| !node.stand_in)?;
    Name::parse(node.text()?).ok()
}
