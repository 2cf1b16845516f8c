//! Decide: an evaluation and what is remembered become one record of everything that follows. Nothing happens here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use watchkeeper_model::{
    Action, Cause, Change, Counted, Incident, IncidentState, JiraResolve, Judged, Judgement, Labels, MessageKind,
    Monitor, OnFailure, PolicyVerdict, Runbook, SeriesReport, Step, StepRun, StepStatus, Streaks, Subject, Time,
    Verdict, Workspace, advance, short_id,
};

use crate::{
    compose,
    evaluate::reason_of,
    evaluation::Evaluation,
    ports::store::{CheckRecord, GoingOn, Groups, LedgerRow, NewMessage, Resolved, StepRecord},
    watched::Watched,
};

/// Decides what follows from one evaluation. `now` is when it is decided. A tick that is older than the newest one
/// recorded is kept for the charts and changes nothing: what it would open or resolve was judged on newer data since.
pub fn decide(
    workspace: &Workspace,
    watched: Watched<'_>,
    groups: &Groups,
    evaluation: &Evaluation,
    now: Time,
) -> CheckRecord {
    let Watched { monitor, runbook } = watched;
    let mut record = CheckRecord {
        verdict: evaluation.verdict,
        evaluation: json!(evaluation),
        newest: groups.newest,
        states: Vec::new(),
        incidents: Vec::new(),
        steps: Vec::new(),
        going_on: Vec::new(),
        messages: Vec::new(),
        resolved: Vec::new(),
        ledger: Vec::new(),
        at: now,
    };
    if groups.newest.is_some_and(|newest| newest >= evaluation.at) {
        return record;
    }
    for (group, judged) in by_group(monitor, groups, evaluation) {
        if groups.unreadable.contains(&group) {
            continue;
        }
        let mut before = groups.states.get(&group).cloned().unwrap_or_default();
        let remembered = before.clone();
        before.standings.retain(|subject, _| known(monitor, &group, subject));
        let open = groups.open.get(&group);
        let (after, change) = advance(&before, &judged, open.is_some());
        let reports = reports(&judged);
        let spread = reports.iter().filter(|report| after.gone_bad_since(&remembered, &report.subject));
        let spread: Vec<SeriesReport> = spread.cloned().collect();
        if after != remembered {
            record.states.push((group.clone(), after));
        }
        let decision = Decision { workspace, monitor, runbook, at: evaluation.at, now, group: &group, reports, spread };
        decision.apply(change, open, &mut record);
    }
    record
}

/// Splits what counts into groups. What cannot be measured counts as the policy says, in the group of no labels.
fn by_group(monitor: &Monitor, groups: &Groups, evaluation: &Evaluation) -> BTreeMap<Labels, Vec<Judged>> {
    let mut split: BTreeMap<Labels, Vec<Judged>> = BTreeMap::new();
    for judged in evaluation.series.iter().filter(|judged| judged.counted.is_some()) {
        let Some(series) = judged.subject.series() else { continue };
        split.entry(group_of(&monitor.alert.group_by, &series.labels)).or_default().push(judged.clone());
    }
    let remembered = groups.states.get(&Labels::new());
    for cause in Cause::ALL {
        let judged = unmeasured(evaluation, cause, policy(monitor, cause));
        let holds = judged.verdict == cause.verdict();
        if holds || remembered.is_some_and(|state| state.standings.contains_key(&judged.subject)) {
            split.entry(Labels::new()).or_default().push(judged);
        }
    }
    // A threshold that the configuration has no more holds no incident open.
    for (group, state) in &groups.states {
        if state.standings.keys().any(|subject| !known(monitor, group, subject)) {
            split.entry(group.clone()).or_default();
        }
    }
    // A warned group whose series are gone or well again must be able to forget the warning.
    if remembered.is_some_and(|state| state.warned) {
        split.entry(Labels::new()).or_default();
    }
    split
}

/// Whether a standing can still change: a threshold is for its series, which still belongs to this group, or it is what
/// was not measured.
fn known(monitor: &Monitor, group: &Labels, subject: &Subject) -> bool {
    let judged_here = |labels: &Labels| group_of(&monitor.alert.group_by, labels) == *group;
    match subject {
        Subject::Series(series) => monitor.threshold_of(series).is_some() && judged_here(&series.labels),
        Subject::Unmeasured(_) => true,
    }
}

pub(crate) fn group_of(group_by: &BTreeSet<String>, labels: &Labels) -> Labels {
    labels.iter().filter(|(name, _)| group_by.contains(*name)).map(|(n, v)| (n.clone(), v.clone())).collect()
}

fn policy(monitor: &Monitor, cause: Cause) -> PolicyVerdict {
    match cause {
        Cause::NoData => monitor.alert.no_data,
        Cause::Error => monitor.alert.on_error,
    }
}

/// All that could not be measured or judged at this tick for this cause, or that nothing was.
fn unmeasured(evaluation: &Evaluation, cause: Cause, policy: PolicyVerdict) -> Judged {
    let verdict = cause.verdict();
    let whole = (evaluation.series.is_empty() && evaluation.verdict == verdict).then(|| evaluation.error.clone());
    let reason = whole.flatten().or_else(|| reason_of(verdict, &evaluation.series));
    let holds = reason.is_some();
    let counted = match (holds, policy) {
        (false, _) | (true, PolicyVerdict::Ok) => Verdict::Ok,
        (true, PolicyVerdict::Warn) => Verdict::Warn,
        (true, PolicyVerdict::Breach) => Verdict::Breach,
    };
    let judgement = Judgement { verdict: counted, clears: counted != Verdict::Breach };
    Judged {
        subject: Subject::Unmeasured(cause),
        value: None,
        baseline: None,
        verdict: if holds { verdict } else { Verdict::Ok },
        counted: Some(Counted { judgement, streaks: Streaks::AT_ONCE }),
        limit: None,
        excess: None,
        detail: reason,
    }
}

/// The reports, worst first; those that are ok are kept for an incident that goes on or resolves.
fn reports(judged: &[Judged]) -> Vec<SeriesReport> {
    let mut reports: Vec<_> = judged.iter().map(Judged::report).collect();
    SeriesReport::worst_first(&mut reports);
    reports
}

/// One group's decision at one tick.
struct Decision<'a> {
    workspace: &'a Workspace,
    monitor: &'a Monitor,
    runbook: &'a Runbook,
    at: Time,
    now: Time,
    group: &'a Labels,
    reports: Vec<SeriesReport>,
    /// Those of them that were not in breach before.
    spread: Vec<SeriesReport>,
}

impl Decision<'_> {
    fn apply(self, change: Change, open: Option<&Incident>, record: &mut CheckRecord) {
        match (change, open) {
            (Change::Open, _) => self.open(record),
            (Change::Continue, Some(incident)) => self.go_on(incident, record),
            (Change::Resolve, Some(incident)) => self.resolve(incident, record),
            (Change::Warn, _) => self.warn(record),
            (Change::None | Change::Continue | Change::Resolve, _) => {}
        }
    }

    fn open(self, record: &mut CheckRecord) {
        let incident = open_incident(self.monitor, self.group, self.reports, self.at, false);
        record.ledger.push(LedgerRow {
            kind: "incident.opened",
            subject: incident.id.clone(),
            body: json!({ "monitor": incident.monitor, "group": self.group, "at": self.at, "series": incident.series,
                "config": self.workspace.digests.config }),
        });
        let steps = plan(self.workspace, self.monitor, self.runbook, &incident);
        record.messages.extend(overdue(self.workspace, self.runbook, &steps, self.now));
        record.steps.extend(steps);
        record.incidents.push(incident);
    }

    fn go_on(self, incident: &Incident, record: &mut CheckRecord) {
        record.going_on.push(GoingOn {
            incident: incident.id.clone(),
            tick: self.at,
            inhibited_by: self.monitor.alert.inhibited_by.iter().cloned().collect(),
            maintenance: self.workspace.quiet(self.now).silences,
        });
        if !self.spread.is_empty() {
            record.ledger.push(LedgerRow {
                kind: "incident.spread",
                subject: incident.id.clone(),
                body: json!({ "monitor": incident.monitor, "at": self.at, "series": self.spread }),
            });
            let facts = compose::facts(self.monitor, self.group, Some(incident), self.at, self.spread);
            record.messages.extend(compose::spread(self.workspace, facts, self.now));
        }
        record.incidents.push(Incident { series: self.reports, ..incident.clone() });
    }

    fn resolve(self, incident: &Incident, record: &mut CheckRecord) {
        let state = IncidentState::Resolved { by: None, at: self.at };
        let incident = Incident { state, series: self.reports.clone(), ..incident.clone() };
        let facts = compose::facts(self.monitor, self.group, Some(&incident), self.at, self.reports);
        record.resolved.push(Resolved { incident: incident.id.clone(), message: compose::resolved(facts, None) });
        record.ledger.push(LedgerRow {
            kind: "incident.resolved",
            subject: incident.id.clone(),
            body: json!({ "monitor": incident.monitor, "at": self.at, "by": "recovery", "series": incident.series }),
        });
        record.incidents.push(incident);
    }

    fn warn(self, record: &mut CheckRecord) {
        record.ledger.push(LedgerRow {
            kind: "monitor.warned",
            subject: self.monitor.id.to_string(),
            body: json!({ "at": self.at, "series": self.reports }),
        });
        let facts = compose::facts(self.monitor, self.group, None, self.at, self.reports);
        let note = compose::Note::of(MessageKind::Warning, facts);
        record.messages.extend(compose::to_team(self.workspace, &self.monitor.owner, &note, self.now));
    }
}

/// A new incident; its id follows from monitor, group and tick, so that the same breach gives the same id.
pub(crate) fn open_incident(
    monitor: &Monitor,
    group: &Labels,
    series: Vec<SeriesReport>,
    at: Time,
    drill: bool,
) -> Incident {
    let (labels, tick) = (json!(group).to_string(), at.timestamp_micros().to_string());
    Incident {
        id: short_id(&[if drill { "drill" } else { "incident" }, monitor.id.as_str(), &labels, &tick]),
        monitor: monitor.id.clone(),
        group: group.clone(),
        layer: monitor.layer,
        severity: monitor.severity,
        owner: monitor.owner.clone(),
        runbook: monitor.runbook.clone(),
        opened_at: at,
        state: IncidentState::Open,
        series,
        drill,
    }
}

/// The steps of an incident's run, arguments rendered: recorded before anything is sent. What people agree to is what
/// stands there.
pub(crate) fn plan(
    workspace: &Workspace,
    monitor: &Monitor,
    runbook: &Runbook,
    incident: &Incident,
) -> Vec<StepRecord> {
    let facts = compose::facts(monitor, &incident.group, Some(incident), incident.opened_at, incident.series.clone());
    let digest = workspace.digests.runbooks.get(&runbook.id).cloned().unwrap_or_default();
    (0..)
        .zip(std::iter::once(&runbook.first).chain(&runbook.rest).cloned().chain(resolutions(runbook)))
        .map(|(position, mut step)| {
            let by_itself = position == 0 || (step.run == StepRun::Auto && step.approval.is_none());
            step.action = step.action.rendered(&facts);
            step.undo = step.undo.map(|undo| undo.rendered(&facts));
            StepRecord {
                run: compose::run_id(incident),
                incident: incident.id.clone(),
                position,
                step,
                runbook: (runbook.id.clone(), digest.clone()),
                facts: facts.clone(),
                status: if by_itself { StepStatus::Planned } else { StepStatus::Waiting },
                epoch: 1,
                started_at: None,
                tick: facts.at,
                attempts: 0,
                told: false,
                asked_by: None,
                before: None,
                reference: None,
                finished_at: None,
                remedy: None,
            }
        })
        .collect()
}

/// What tells the issues of a runbook that their incident is over; planned with it, and waiting until then.
fn resolutions(runbook: &Runbook) -> impl Iterator<Item = Step> {
    std::iter::once(&runbook.first).chain(&runbook.rest).filter_map(|step| {
        let Action::Jira(jira) = &step.action else { return None };
        let id = step.resolved_id()?;
        Some(Step {
            id,
            description: String::new(),
            action: Action::JiraResolve(JiraResolve(jira.clone())),
            run: StepRun::Manual,
            approval: None,
            after_resolve: false,
            verify: None,
            on_failure: OnFailure::Continue,
            undo: None,
            ..step.clone()
        })
    })
}

/// What tells the owner when the first step has not ended in time, whether it has begun or not.
pub(crate) fn overdue(workspace: &Workspace, runbook: &Runbook, steps: &[StepRecord], now: Time) -> Vec<NewMessage> {
    steps.first().map(|first| compose::overdue(workspace, runbook, first, now)).unwrap_or_default()
}
