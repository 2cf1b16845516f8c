//! Compose: what people are told, as facts; channels find the words.

use std::time::Duration;

use watchkeeper_model::{
    Action, Facts, GateState, Incident, Message, MessageKind, Monitor, Name, NextStep, Outcome, Runbook, SeriesReport,
    Step, StepReport, StepRun, Time, Verdict, Workspace, short_id,
};

use crate::ports::store::{NewMessage, StepRecord};

/// A message before it is addressed.
pub(crate) struct Note {
    pub(crate) kind: MessageKind,
    pub(crate) facts: Facts,
    pub(crate) first_step: Option<StepReport>,
    pub(crate) next_steps: Vec<NextStep>,
}

/// The facts of a monitor's tick.
pub(crate) fn facts(
    monitor: &Monitor,
    incident: Option<&Incident>,
    at: Time,
    series: Vec<SeriesReport>,
    drill: bool,
) -> Facts {
    let (series, more_series) = offenders(series);
    Facts {
        monitor: monitor.id.clone(),
        description: monitor.description.clone(),
        layer: monitor.layer,
        severity: monitor.severity,
        owner: monitor.owner.clone(),
        labels: monitor.labels.clone(),
        incident: incident.map(|incident| incident.id.clone()),
        run: incident.map(run_id),
        at,
        series,
        more_series,
        trend: None,
        drill,
    }
}

/// The series that are not ok, or all of them when all are, up to the bound; and how many more there are.
fn offenders(mut series: Vec<SeriesReport>) -> (Vec<SeriesReport>, usize) {
    let bad = |report: &SeriesReport| report.verdict != Verdict::Ok;
    if series.iter().any(bad) {
        series.retain(bad);
    }
    let more = series.len().saturating_sub(Facts::SERIES_MAX);
    series.truncate(Facts::SERIES_MAX);
    (series, more)
}

/// The run of an incident: its runbook is executed once.
pub(crate) fn run_id(incident: &Incident) -> String {
    short_id(&["run", incident.monitor.as_str(), &incident.id])
}

/// One message a channel of the team, due at `not_before`.
pub(crate) fn to_team(workspace: &Workspace, team: &Name, note: &Note, not_before: Time) -> Vec<NewMessage> {
    let channels = workspace.teams.get(team).map(|team| team.notify.as_slice()).unwrap_or_default();
    channels.iter().map(|channel| address(note, team, channel, not_before)).collect()
}

fn address(note: &Note, team: &Name, channel: &Name, not_before: Time) -> NewMessage {
    let subject = note.facts.incident.clone();
    let about = subject.clone().unwrap_or_else(|| format!("{}.{}", note.facts.monitor, note.facts.at.timestamp()));
    let step = note.first_step.as_ref().filter(|_| note.kind == MessageKind::Step).map(|step| step.step.as_str());
    let kind = serde_json::to_value(note.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
    let parts = [Some(about.as_str()), kind.as_deref(), step, Some(team.as_str()), Some(channel.as_str())];
    NewMessage {
        incident: subject,
        overdue_for: None,
        until_acknowledged: false,
        channel: channel.clone(),
        not_before,
        repeat: None,
        message: Message {
            id: parts.into_iter().flatten().collect::<Vec<_>>().join("."),
            kind: note.kind,
            facts: note.facts.clone(),
            first_step: note.first_step.clone(),
            next_steps: note.next_steps.clone(),
            ledger_head: String::new(),
        },
    }
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
    };
    let note = Note {
        kind: MessageKind::Overdue,
        facts: step.facts.clone(),
        first_step: Some(report),
        next_steps: vec![show(&step.incident)],
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
        kind,
        facts: step.facts.clone(),
        first_step: Some(report.clone()),
        next_steps: next_steps(runbook, step, report),
    };
    let mut messages = to_team(workspace, &step.facts.owner, &note(MessageKind::Handoff), now);
    let repeat = workspace.monitors.get(&step.facts.monitor).and_then(|monitor| monitor.alert.repeat);
    if let Some(every) = repeat {
        let reminders = to_team(workspace, &step.facts.owner, &note(MessageKind::Reminder), now + every);
        messages.extend(reminders.into_iter().map(|message| waiting(message, Some(every))));
    }
    if let Some(escalation) = runbook.and_then(|runbook| runbook.escalation.as_ref()) {
        let after = if escalate_now { Duration::ZERO } else { escalation.after };
        for team in &escalation.to {
            let escalations = to_team(workspace, team, &note(MessageKind::Escalation), now + after);
            messages.extend(escalations.into_iter().map(|message| waiting(message, None)));
        }
    }
    messages.extend(runbook.into_iter().flat_map(|runbook| requests(workspace, runbook, step, report, now)));
    messages
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
            kind: MessageKind::Approval,
            facts: step.facts.clone(),
            first_step: Some(report.clone()),
            next_steps: vec![by_hand(&step.run, later), reject(&step.run, later), show(&step.incident)],
        };
        let mut messages = to_team(workspace, &approval.team, &note, now);
        // Several steps may wait for one team.
        messages.iter_mut().for_each(|new| new.message.id.push_str(&format!(".{}", later.id)));
        messages
    });
    messages.collect()
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

fn reject(run: &str, step: &Step) -> NextStep {
    NextStep {
        description: "Or say no".to_owned(),
        command: Some(format!("watchkeeper reject {run} {} --reason …", step.id)),
    }
}

/// The message of a later step's end.
pub(crate) fn later_step(workspace: &Workspace, step: &StepRecord, report: &StepReport, now: Time) -> Vec<NewMessage> {
    let note = Note {
        kind: MessageKind::Step,
        facts: step.facts.clone(),
        first_step: Some(report.clone()),
        next_steps: settle(step, report).into_iter().collect(),
    };
    to_team(workspace, &step.facts.owner, &note, now)
}

fn waiting(message: NewMessage, repeat: Option<Duration>) -> NewMessage {
    NewMessage { until_acknowledged: true, repeat, ..message }
}

/// What people may do after the first step.
fn next_steps(runbook: Option<&Runbook>, step: &StepRecord, report: &StepReport) -> Vec<NextStep> {
    let acknowledge = NextStep {
        description: "Take it over".to_owned(),
        command: Some(format!("watchkeeper ack {}", step.incident)),
    };
    let rest = runbook.map(|runbook| runbook.rest.as_slice()).unwrap_or_default();
    let waiting = rest.iter().filter(|later| later.run == StepRun::Manual || later.approval.is_some());
    let waiting = waiting.map(|later| by_hand(&step.run, later));
    let reopen = match &step.step.action {
        Action::Gate(gate) if gate.state == GateState::Paused && report.outcome == Some(Outcome::Done) => {
            Some(NextStep {
                description: "Let decisions go on when it is safe".to_owned(),
                command: Some(format!("watchkeeper open {}", gate.gate)),
            })
        }
        _ => None,
    };
    std::iter::once(acknowledge)
        .chain(settle(step, report))
        .chain(waiting)
        .chain(reopen)
        .chain([show(&step.incident)])
        .collect()
}

fn described(step: &Step) -> String {
    if step.description.is_empty() { step.action.summary() } else { step.description.clone() }
}

/// An unknown outcome is settled by people.
fn settle(step: &StepRecord, report: &StepReport) -> Option<NextStep> {
    (report.outcome == Some(Outcome::Unknown)).then(|| NextStep {
        description: "Find out whether the step ran, then settle it".to_owned(),
        command: Some(format!("watchkeeper settle {} {} done|failed", step.run, step.step.id)),
    })
}

fn show(incident: &str) -> NextStep {
    NextStep {
        description: "See the whole record".to_owned(),
        command: Some(format!("watchkeeper incidents show {incident}")),
    }
}
