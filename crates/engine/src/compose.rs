//! Compose: what people are told, as facts; channels find the words.

mod address;
mod digest;
mod next;
mod report;

use std::time::Duration;

use watchkeeper_model::{
    Facts, Incident, Labels, Message, MessageKind, Monitor, Name, NextStep, Runbook, SeriesReport, StepReport, StepRun,
    Time, Workspace, short_id,
};

pub(crate) use address::{Note, instead, to_team};
pub(crate) use digest::{DIGEST_MIN, digest};
pub use next::left_behind;
pub use report::digest_messages;

use crate::ports::store::{NewMessage, StepRecord};

/// The facts of a monitor's tick, about one group of its series.
pub(crate) fn facts(
    monitor: &Monitor,
    group: &Labels,
    incident: Option<&Incident>,
    at: Time,
    series: Vec<SeriesReport>,
) -> Facts {
    let facts = Facts {
        monitor: monitor.id.clone(),
        description: monitor.description.clone(),
        layer: monitor.layer,
        severity: monitor.severity,
        owner: incident.map_or(&monitor.owner, |incident| &incident.owner).clone(),
        labels: monitor.labels.clone(),
        group: group.clone(),
        incident: incident.map(|incident| incident.id.clone()),
        run: incident.map(run_id),
        at,
        series: Vec::new(),
        more_series: 0,
        trend: None,
        drill: incident.is_some_and(|incident| incident.drill),
    };
    facts.with_series(series, at)
}

/// The run of an incident: its runbook is executed once.
pub(crate) fn run_id(incident: &Incident) -> String {
    short_id(&["run", incident.monitor.as_str(), &incident.id])
}

/// What the owner is told when the first step has not ended in time; written with the plan, so that a step that never
/// begins is told of as well.
pub(crate) fn overdue(workspace: &Workspace, runbook: &Runbook, step: &StepRecord, now: Time) -> Vec<NewMessage> {
    let report = StepReport {
        step: step.step.id.clone(),
        action: step.step.action.kind().to_owned(),
        summary: step.step.action.summary(),
        outcome: None,
        detail: format!("not done after {} s", runbook.notify_deadline.as_secs()),
        started_at: None,
        finished_at: None,
        remedy: None,
    };
    let note = Note {
        first_step: Some(report),
        next_steps: vec![next::show(&step.incident)],
        ..Note::of(MessageKind::Overdue, step.facts.clone())
    };
    let mut messages = to_team(workspace, &step.facts.owner, &note, now + runbook.notify_deadline);
    for message in &mut messages {
        message.overdue_for = Some((step.run.clone(), step.step.id.clone()));
    }
    messages
}

/// The messages of the handoff: to the owner now, again while nobody acknowledges, then to the next in line. A runbook
/// that the configuration does not have any more has no next in line.
pub(crate) fn handoff(
    workspace: &Workspace,
    runbook: Option<&Runbook>,
    step: &StepRecord,
    report: &StepReport,
    escalate_now: bool,
    now: Time,
) -> Vec<NewMessage> {
    let note = |kind| Note {
        first_step: Some(report.clone()),
        next_steps: next::after_first(runbook, step, report),
        ..Note::of(kind, step.facts.clone())
    };
    let mut messages = to_team(workspace, &step.facts.owner, &note(MessageKind::Handoff), now);
    messages.extend(until_acknowledged(workspace, runbook, &note, escalate_now, now));
    messages.extend(runbook.into_iter().flat_map(|runbook| requests(workspace, runbook, step, report, now)));
    messages
}

/// What is told as long as nobody acknowledges: reminders to the owner, and the levels of the escalation.
fn until_acknowledged(
    workspace: &Workspace,
    runbook: Option<&Runbook>,
    note: &dyn Fn(MessageKind) -> Note,
    escalate_now: bool,
    now: Time,
) -> Vec<NewMessage> {
    let reminder = note(MessageKind::Reminder);
    let Facts { monitor, owner, .. } = &reminder.facts;
    let repeat = workspace.monitors.get(monitor).and_then(|monitor| monitor.alert.repeat);
    let reminders = repeat.iter().flat_map(|every| {
        let to_owner = to_team(workspace, owner, &reminder, now + *every);
        to_owner.into_iter().map(|message| waiting(message, Some(*every)))
    });
    let mut messages: Vec<NewMessage> = reminders.collect();
    for (level, escalation) in runbook.iter().flat_map(|runbook| &runbook.escalation).enumerate() {
        let at_once = escalate_now && level == 0;
        let after = if at_once { Duration::ZERO } else { escalation.after };
        let why = at_once.then(|| "Its first step was withheld, so you are told at once.".to_owned());
        let note = Note { note: why, ..note(MessageKind::Escalation) };
        for team in &escalation.to {
            let escalations = to_team(workspace, team, &note, now + after);
            messages.extend(escalations.into_iter().map(|message| waiting(at_level(message, level), None)));
        }
    }
    messages
}

fn waiting(message: NewMessage, repeat: Option<Duration>) -> NewMessage {
    NewMessage { until_acknowledged: true, repeat, ..message }
}

/// A team may stand on several levels, and is told on each.
fn at_level(mut message: NewMessage, level: usize) -> NewMessage {
    if level > 0 {
        message.message.id.push_str(&format!(".{}", level + 1));
    }
    message
}

/// The steps that wait for another team, told to that team; the owner reads of them in the handoff.
fn requests(
    workspace: &Workspace,
    runbook: &Runbook,
    step: &StepRecord,
    report: &StepReport,
    now: Time,
) -> Vec<NewMessage> {
    let asked = runbook.rest.iter().filter(|later| later.run == StepRun::Auto);
    let of_others = asked.filter_map(|later| later.approval.as_ref().map(|approval| (later, approval)));
    let of_others = of_others.filter(|(_, approval)| approval.team != step.facts.owner);
    let messages = of_others.flat_map(|(later, approval)| {
        let note = Note {
            first_step: Some(report.clone()),
            next_steps: next::for_approvers(step, later),
            ..Note::of(MessageKind::Approval, step.facts.clone())
        };
        let mut messages = to_team(workspace, &approval.team, &note, now);
        // Several steps may wait for one team.
        messages.iter_mut().for_each(|new| new.message.id.push_str(&format!(".{}", later.id)));
        messages
    });
    messages.collect()
}

/// The message of a later step's end, or of the first one's when it was withheld before.
pub(crate) fn later_step(workspace: &Workspace, step: &StepRecord, report: &StepReport, now: Time) -> Vec<NewMessage> {
    let note = Note {
        first_step: Some(report.clone()),
        next_steps: next::after_later(step, report),
        ..Note::of(MessageKind::Step, step.facts.clone())
    };
    let mut messages = to_team(workspace, &step.facts.owner, &note, now);
    if step.told {
        // It is not the same end again.
        messages.iter_mut().for_each(|new| new.message.id.push_str(&format!(".{}", now.timestamp())));
    }
    messages
}

/// What the owner is told once it is known whether a step helped.
pub(crate) fn verified(workspace: &Workspace, step: &StepRecord, report: &StepReport, now: Time) -> Vec<NewMessage> {
    let note = Note {
        first_step: Some(report.clone()),
        next_steps: next::after_verified(step, report),
        ..Note::of(MessageKind::Verified, step.facts.clone())
    };
    let mut messages = to_team(workspace, &step.facts.owner, &note, now);
    // Another attempt is verified on its own.
    messages.iter_mut().for_each(|new| new.message.id.push_str(&format!(".{}", step.attempts)));
    messages
}

/// What the owner is told when further series go bad while the incident stands.
pub(crate) fn spread(workspace: &Workspace, facts: Facts, now: Time) -> Vec<NewMessage> {
    let next_steps = facts.incident.iter().map(|incident| next::show(incident)).collect();
    let owner = facts.owner.clone();
    to_team(workspace, &owner, &Note { next_steps, ..Note::of(MessageKind::Spread, facts) }, now)
}

/// What is told where a story of the incident is: somebody has taken it.
pub fn acknowledged(facts: Facts, by: &str) -> Message {
    let note = Some(format!("{by} has taken it. Its reminders and escalations end."));
    Note { note, ..Note::of(MessageKind::Acknowledged, facts) }.message(None)
}

/// What everybody who was told of an incident is told when it is over; `by` is who resolved it, if it did not recover.
/// The store adds what is left behind, and addresses it.
pub fn resolved(facts: Facts, by: Option<&str>) -> Message {
    let note = by.map(|by| format!("It was resolved by {by}."));
    Note { note, ..Note::of(MessageKind::Resolved, facts) }.message(None)
}

/// What a team is told that becomes the owner of an incident, and goes on being told as long as nobody acknowledges.
pub fn assigned(
    workspace: &Workspace,
    runbook: &Name,
    facts: Facts,
    first_step: Option<StepReport>,
    by: &str,
    now: Time,
) -> Vec<NewMessage> {
    let why = format!("{by} has made {} its owner.", facts.owner);
    let next_steps: Vec<NextStep> =
        facts.incident.iter().flat_map(|incident| [next::acknowledge(incident), next::show(incident)]).collect();
    let note = |kind| Note {
        first_step: first_step.clone(),
        next_steps: next_steps.clone(),
        note: Some(why.clone()),
        ..Note::of(kind, facts.clone())
    };
    let mut messages = to_team(workspace, &facts.owner, &note(MessageKind::Handoff), now);
    messages.extend(until_acknowledged(workspace, workspace.runbooks.get(runbook), &note, false, now));
    messages.iter_mut().for_each(|new| new.message.id.push_str(&format!(".{}", now.timestamp())));
    messages
}
