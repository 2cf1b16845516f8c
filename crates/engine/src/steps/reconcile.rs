//! Reconcile: a step in INTENT that nobody has in hand is found out about, each kind of action in its own way. Nothing is
//! ever blindly sent again.

use std::time::Duration;

use watchkeeper_model::{Action, Guarantee, Outcome, Recovery, Time};

use super::{Steps, act::call, limits::PROBE_FOR};
use crate::{
    fault_points::{Point, Side, reach},
    ports::{
        action::{ActionCall, ActionEnd, Probe},
        store::StepRecord,
    },
};

/// The pause between two looks.
const PROBE_EVERY: Duration = Duration::from_secs(15);

impl Steps {
    /// Finds out how a step in INTENT ended.
    pub(super) async fn reconcile(&self, step: &StepRecord) -> ActionEnd {
        let late = self.not_after(step).is_some_and(|latest| latest < self.retry.clock.now());
        let guarantee = step.step.action.guarantee();
        match guarantee.when_abandoned(late) {
            Recovery::SendAgain => {
                let end = self.send(&step.step.action, &call(step, None)).await;
                if guarantee == Guarantee::Local { end } else { in_doubt(end) }
            }
            Recovery::Look => self.probe(step, &call(step, None)).await,
            Recovery::GiveUp => ActionEnd::failed(
                "Watchkeeper stopped before the step was done, and came back too late: the reason for it is old",
            ),
            Recovery::LeaveUnknown if late && guarantee == Guarantee::Guarded => ActionEnd::unknown(
                "Watchkeeper stopped while the step was under way, and came back too late to send it again: it may \
                 have run or may yet run",
            ),
            Recovery::LeaveUnknown => ActionEnd::unknown(
                "Watchkeeper stopped while the step was under way: it may have run or may yet run. \
                 It is not run again.",
            ),
        }
    }

    /// Looks for our mark at the peer, for as long as it may take to appear there.
    pub(super) async fn probe(&self, step: &StepRecord, call: &ActionCall) -> ActionEnd {
        let until = self.retry.clock.now() + PROBE_FOR;
        loop {
            reach(Point::StepProbe, Side::Before);
            let seen = self.actions.probe(call).await;
            reach(Point::StepProbe, Side::After);
            let now = self.retry.clock.now();
            match seen {
                Probe::Found(reference) => {
                    let detail = format!("found {reference} at the peer, which had not said so");
                    return ActionEnd { outcome: Outcome::Done, detail, reference: Some(reference) };
                }
                Probe::Absent | Probe::Unreachable(_) if now < until => self.pause(now, until).await,
                Probe::Absent if creates_again(step) => return self.send(&step.step.action, call).await,
                Probe::Absent => {
                    return ActionEnd::unknown("no trace of it at the peer after 5 minutes: it may yet appear");
                }
                Probe::Unreachable(reason) => {
                    return ActionEnd::unknown(format!("the peer could not be asked: {reason}"));
                }
            }
        }
    }

    async fn pause(&self, now: Time, until: Time) {
        self.retry.clock.sleep_until((now + PROBE_EVERY).min(until)).await;
    }
}

/// A refusal settles nothing: the bytes were sent before, and that may have been carried out.
fn in_doubt(end: ActionEnd) -> ActionEnd {
    match end.outcome {
        Outcome::Failed => ActionEnd::unknown(format!("{}; an earlier attempt may have been carried out", end.detail)),
        _ => end,
    }
}

fn creates_again(step: &StepRecord) -> bool {
    matches!(&step.step.action, Action::Jira(jira) if jira.create_when_unknown)
}
