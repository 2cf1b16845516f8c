//! A monitor with its runbook, found once for everything that follows.

use watchkeeper_model::{Monitor, Name, Runbook, Workspace};

/// A monitor as it is watched.
#[derive(Clone, Copy)]
pub struct Watched<'a> {
    /// What is watched.
    pub monitor: &'a Monitor,
    /// What is done on a breach.
    pub runbook: &'a Runbook,
}

impl<'a> Watched<'a> {
    /// The monitor of this id; `None` when the configuration does not have it, or not its runbook.
    pub fn of(workspace: &'a Workspace, id: &Name) -> Option<Self> {
        let monitor = workspace.monitors.get(id)?;
        let runbook = workspace.runbooks.get(&monitor.runbook)?;
        Some(Self { monitor, runbook })
    }
}
