//! Monitors as people name them.

use watchkeeper_model::{Name, Workspace};

use crate::failure::Failure;

/// The monitors of these ids.
pub(crate) fn named(workspace: &Workspace, ids: &[String]) -> Result<Vec<Name>, Failure> {
    let known = |id: &String| workspace.monitors.get_key_value(id.as_str()).map(|(name, _)| name.clone());
    ids.iter().map(|id| known(id).ok_or_else(|| unknown(workspace, id))).collect()
}

fn unknown(workspace: &Workspace, id: &str) -> Failure {
    let all: Vec<_> = workspace.monitors.keys().map(Name::as_str).collect();
    Failure::usage(format!("there is no monitor `{id}`")).hint(format!("there are: {}", all.join(", ")))
}
