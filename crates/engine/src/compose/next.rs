//! What people may do now; the way back is always among it.

use watchkeeper_model::{Action, GateState, Name, NextStep, Outcome, Runbook, Step, StepReport, StepRun, StepStatus};

use crate::ports::store::StepRecord;

/// After the first step.
pub(super) fn after_first(runbook: Option<&Runbook>, step: &StepRecord, report: &StepReport) -> Vec<NextStep> {
    let rest = runbook.map(|runbook| runbook.rest.as_slice()).unwrap_or_default();
    let waiting = rest.iter().filter(|later| later.run == StepRun::Manual || later.approval.is_some());
    let waiting = waiting.map(|later| by_hand(&step.run, later));
    std::iter::once(acknowledge(&step.incident))
        .chain(another_attempt(step, report))
        .chain(waiting)
        .chain(way_back(step, report))
        .chain([show(&step.incident)])
        .collect()
}

/// After a later step.
pub(super) fn after_later(step: &StepRecord, report: &StepReport) -> Vec<NextStep> {
    another_attempt(step, report).into_iter().chain(way_back(step, report)).collect()
}

/// For the team that has to agree.
pub(super) fn for_approvers(step: &StepRecord, later: &Step) -> Vec<NextStep> {
    let no = NextStep {
        description: "Or say no".to_owned(),
        command: Some(format!("watchkeeper reject {} {} --reason …", step.run, later.id)),
    };
    vec![by_hand(&step.run, later), no, show(&step.incident)]
}

/// What an incident that is over has left behind: gates that are still paused, steps that put things back, and what steps
/// did that can be taken back.
pub fn left_behind(gates: &[Name], steps: &[StepRecord]) -> Vec<NextStep> {
    let open = gates.iter().map(|gate| NextStep {
        description: format!("Gate {gate} is still paused: let decisions go on when it is safe"),
        command: Some(format!("watchkeeper open {gate}")),
    });
    let left = |step: &StepRecord| match step.status {
        StepStatus::Waiting => by_hand(&step.run, &step.step),
        _ => NextStep {
            description: format!("Done, and still so: {}. Take it back when it is safe", step.step.action.summary()),
            command: Some(format!("watchkeeper undo {} {}", step.run, step.step.id)),
        },
    };
    open.chain(steps.iter().map(left)).collect()
}

pub(super) fn acknowledge(incident: &str) -> NextStep {
    NextStep { description: "Take it over".to_owned(), command: Some(format!("watchkeeper ack {incident}")) }
}

pub(super) fn show(incident: &str) -> NextStep {
    NextStep {
        description: "See the whole record".to_owned(),
        command: Some(format!("watchkeeper incidents show {incident}")),
    }
}

/// What people do so that a step runs.
fn by_hand(run: &str, step: &Step) -> NextStep {
    let what = described(step);
    match (&step.approval, step.run) {
        (Some(approval), StepRun::Auto) => NextStep {
            description: format!("{what} (needs the agreement of {})", approval.team),
            command: Some(format!("watchkeeper approve {run} {}", step.id)),
        },
        (Some(approval), StepRun::Manual) => NextStep {
            description: format!("{what} (then needs the agreement of {})", approval.team),
            command: Some(format!("watchkeeper step {run} {}", step.id)),
        },
        (None, _) => NextStep { description: what, command: Some(format!("watchkeeper step {run} {}", step.id)) },
    }
}

fn described(step: &Step) -> String {
    if step.description.is_empty() { step.action.summary() } else { step.description.clone() }
}

/// An unknown outcome is settled by people; what was withheld or failed they may start themselves.
fn another_attempt(step: &StepRecord, report: &StepReport) -> Option<NextStep> {
    let StepRecord { run, step: Step { id, .. }, .. } = step;
    match report.outcome? {
        Outcome::Done => None,
        Outcome::Unknown => Some(NextStep {
            description: "Find out whether the step ran, then settle it".to_owned(),
            command: Some(format!("watchkeeper settle {run} {id} done|failed")),
        }),
        Outcome::Failed => Some(NextStep {
            description: "Try the step again".to_owned(),
            command: Some(format!("watchkeeper step {run} {id} --again")),
        }),
        Outcome::Withheld => Some(NextStep {
            description: "Start the step yourself".to_owned(),
            command: Some(format!("watchkeeper step {run} {id}")),
        }),
    }
}

/// Once it is known whether it helped.
pub(super) fn after_verified(step: &StepRecord, report: &StepReport) -> Vec<NextStep> {
    way_back(step, report).into_iter().chain([show(&step.incident)]).collect()
}

/// How what a step did is taken back.
fn way_back(step: &StepRecord, report: &StepReport) -> Option<NextStep> {
    let StepRecord { run, step: Step { id, action, .. }, .. } = step;
    let how = step.step.way_back().ok().filter(|_| report.outcome == Some(Outcome::Done))?;
    match action {
        Action::Gate(gate) if gate.state == GateState::Paused => Some(NextStep {
            description: "Let decisions go on when it is safe".to_owned(),
            command: Some(format!("watchkeeper open {}", gate.gate)),
        }),
        _ => Some(NextStep {
            description: format!("Take it back: {how}"),
            command: Some(format!("watchkeeper undo {run} {id}")),
        }),
    }
}
