//! Monitors as people name them, and their ticks in a period.

use watchkeeper_engine::{Tick, ticks_between};
use watchkeeper_model::{Name, Workspace};

use crate::{args::PeriodArgs, commands::people::configured, failure::Failure, render::text::utc};

/// The monitors of these ids.
pub(crate) fn named(workspace: &Workspace, ids: &[String]) -> Result<Vec<Name>, Failure> {
    ids.iter().map(|id| configured("monitor", id, workspace.monitors.keys())).collect()
}

/// Their ticks in a period, in order of time.
pub(crate) fn ticks(workspace: &Workspace, monitors: &[Name], period: &PeriodArgs) -> Result<Vec<Tick>, Failure> {
    if period.from > period.to {
        let (from, to) = (utc(period.from), utc(period.to));
        let failure = Failure::usage(format!("the period ends before it begins: --from {from} is after --to {to}"));
        return Err(failure.hint("swap them"));
    }
    Ok(ticks_between(workspace, monitors, period.from, period.to))
}

/// What is said of a period without a tick.
pub(crate) fn no_tick(workspace: &Workspace, monitors: &[Name], period: &PeriodArgs) -> String {
    let names: Vec<&str> = monitors.iter().map(Name::as_str).collect();
    let schedules = monitors.iter().filter_map(|id| workspace.monitors.get(id)).map(|monitor| &monitor.schedule);
    let next = schedules.filter_map(|schedule| schedule.next_after(period.to)).min();
    let next = next.map(|next| format!("; the next one is at {}", utc(next))).unwrap_or_default();
    let (from, to) = (utc(period.from), utc(period.to));
    format!("No tick of {} from {from} to {to}: nothing was evaluated{next}.", names.join(", "))
}
