//! How long steps may take, and how late they may begin.

use std::time::Duration;

use watchkeeper_model::{Guarantee, Monitor, Runbook, Step};

/// What the outer time limit adds to the step's own, for actions that end themselves.
pub(super) const GRACE: Duration = Duration::from_secs(2);
/// How long a step waits before it asks again whether what it waits for has ended.
pub(super) const BUSY_FOR: Duration = Duration::from_secs(1);
/// What passes between the last look whether a step helped and the step that waits for it, at most.
const LOOK_MAX: Duration = Duration::from_secs(60);
/// How long our mark is looked for at a peer: an issue tracker's search lags by minutes.
pub(super) const PROBE_FOR: Duration = Duration::from_secs(5 * 60);

/// How long after its tick a step may begin: the tick's own lateness, its evaluation, and every automatic step before, with
/// what is read before it is sent and the look whether it helped.
pub(super) fn may_take(monitor: &Monitor, runbook: &Runbook, position: u32) -> Duration {
    let schedule = &monitor.schedule;
    let own = schedule.starting_deadline + schedule.jitter + monitor.check.timeout;
    let before = std::iter::once(&runbook.first).chain(&runbook.rest).take(position as usize);
    let probed = |guarantee| if guarantee == Guarantee::Probe { PROBE_FOR } else { Duration::ZERO };
    let looked = |step: &Step| {
        step.verify.as_ref().map_or(Duration::ZERO, |verify| {
            verify.within.saturating_add(monitor.check.timeout.max(step.timeout)).saturating_add(LOOK_MAX)
        })
    };
    let took = |step: &Step| {
        let acting = (step.timeout + GRACE).saturating_mul(2);
        acting.saturating_add(probed(step.action.guarantee())).saturating_add(looked(step))
    };
    before.map(took).fold(own, Duration::saturating_add)
}
