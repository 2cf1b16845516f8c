//! How long steps may take, and how late they may begin.

use std::time::Duration;

use watchkeeper_model::{Guarantee, Monitor, Runbook};

/// What the outer time limit adds to the step's own, for actions that end themselves.
pub(super) const GRACE: Duration = Duration::from_secs(2);
/// How long a step waits before it asks again whether what it waits for has ended.
pub(super) const BUSY_FOR: Duration = Duration::from_secs(1);
/// How long our mark is looked for at a peer: an issue tracker's search lags by minutes.
pub(super) const PROBE_FOR: Duration = Duration::from_secs(5 * 60);

/// How long after its tick a step may begin: the tick's own lateness, its evaluation, and every automatic step before.
pub(super) fn may_take(monitor: &Monitor, runbook: &Runbook, position: u32) -> Duration {
    let schedule = &monitor.schedule;
    let own = schedule.starting_deadline + schedule.jitter + monitor.check.timeout;
    let before = std::iter::once(&runbook.first).chain(&runbook.rest).take(position as usize);
    let probed = |guarantee| if guarantee == Guarantee::Probe { PROBE_FOR } else { Duration::ZERO };
    before.map(|step| step.timeout + GRACE + probed(step.action.guarantee())).fold(own, Duration::saturating_add)
}
