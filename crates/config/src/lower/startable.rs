//! Runbooks that nothing can start.

use std::collections::BTreeMap;

use watchkeeper_model::{Monitor, Name, PolicyVerdict};

use super::{Files, names::Kind};
use crate::place::Report;

/// Warns of every runbook that no monitor can start: nobody names it, or those that do can only warn.
pub(crate) fn warn(files: &Files, monitors: &BTreeMap<Name, Monitor>, report: &mut Report) {
    if files.monitors.iter().any(|parsed| parsed.raw.is_none()) {
        return;
    }
    for parsed in &files.runbooks {
        let Some(raw) = &parsed.raw else { continue };
        let users: Vec<&Monitor> = monitors.values().filter(|monitor| monitor.runbook == raw.runbook.id.0).collect();
        if users.iter().any(|monitor| may_breach(monitor)) {
            continue;
        }
        let help = match users.first() {
            None => "name it as the `runbook` of a monitor, or delete it".to_owned(),
            Some(monitor) => format!(
                "its monitors can only warn: give `{}` a `breach` limit, or set its `on_error` or `no_data` to \"breach\"",
                monitor.id
            ),
        };
        let message = format!("nothing can start the runbook `{}`", raw.runbook.id.0);
        parsed.place().key(Kind::Runbook.word()).key("id").warn(report, message, Some(help));
    }
}

/// Whether an incident of this monitor can open at all.
fn may_breach(monitor: &Monitor) -> bool {
    let policies = [monitor.alert.no_data, monitor.alert.on_error];
    monitor.thresholds.iter().any(|threshold| threshold.breach.is_some()) || policies.contains(&PolicyVerdict::Breach)
}
