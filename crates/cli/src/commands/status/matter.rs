//! What is the matter: monitors that could not measure or have not finished, parts of the daemon, rows of the store.

use super::{MonitorRow, Status};
use crate::render::text::{harmless, utc};

/// One line each, after an empty one.
pub(super) fn lines(status: &Status) -> Vec<String> {
    let monitors = status.monitors.iter().flat_map(|row| [unfinished(row), unmeasured(row)]).flatten();
    let troubles = status.troubles.iter().map(|trouble| {
        let (part, message) = (harmless(&trouble.part), harmless(&trouble.message));
        format!("{part} in trouble since {}, failed {} times: {message}", utc(trouble.since), trouble.failures)
    });
    let unreadable = status.unreadable.iter().map(|row| {
        let (row, reason) = (harmless(&row.row), harmless(&row.reason));
        format!("{row} cannot be read by this version and is left aside: {reason}")
    });
    let mut lines: Vec<String> = monitors.chain(troubles).chain(unreadable).collect();
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    lines
}

fn unfinished(row: &MonitorRow) -> Option<String> {
    let tick = row.under_way.as_ref()?;
    Some(format!("{} has not finished its tick of {} since {}", row.monitor, utc(tick.tick), utc(tick.since)))
}

fn unmeasured(row: &MonitorRow) -> Option<String> {
    Some(format!("{}: {}", row.monitor, harmless(row.reason.as_deref()?)))
}
