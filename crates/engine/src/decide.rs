//! Decide: an evaluation and what is remembered become one record of everything that follows. Nothing happens here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use watchkeeper_model::{
    Change, Incident, IncidentState, Judgement, Labels, MessageKind, Monitor, PolicyVerdict, Runbook, Series,
    SeriesReport, StepRun, StepStatus, Time, Verdict, Workspace, advance, short_id,
};

use crate::{
    Evaluation, compose,
    evaluate::reason_of,
    ports::store::{CheckRecord, Groups, LedgerRow, StepRecord},
};

/// A series as the incident machine takes it: its judgement, its threshold's `consecutive` and `recover`, its report.
struct Judged {
    series: Series,
    judgement: Judgement,
    consecutive: u32,
    recover: u32,
    report: SeriesReport,
}

/// Decides what follows from one evaluation. `now` is when it is decided.
pub fn decide(
    workspace: &Workspace,
    monitor: &Monitor,
    runbook: &Runbook,
    groups: &Groups,
    evaluation: &Evaluation,
    now: Time,
) -> CheckRecord {
    let mut record = CheckRecord {
        verdict: evaluation.verdict,
        evaluation: json!(evaluation),
        states: Vec::new(),
        incidents: Vec::new(),
        steps: Vec::new(),
        messages: Vec::new(),
        cancel: Vec::new(),
        ledger: Vec::new(),
        at: now,
    };
    for (group, judged) in by_group(monitor, groups, evaluation) {
        let mut before = groups.states.get(&group).cloned().unwrap_or_default();
        let remembered = before.clone();
        before.standings.retain(|series, _| known(monitor, series));
        let open = groups.open.get(&group);
        let input: Vec<_> = judged.iter().map(|j| (j.series.clone(), j.judgement, j.consecutive, j.recover)).collect();
        let (after, change) = advance(&before, &input, open.is_some());
        if after != remembered {
            record.states.push((group.clone(), after));
        }
        let decision = Decision { workspace, monitor, runbook, at: evaluation.at, now, reports: reports(&judged) };
        decision.apply(change, &group, open, &mut record);
    }
    record
}

/// Splits the judged series into groups. What cannot be measured counts as the policy says, in the group of no labels.
fn by_group(monitor: &Monitor, groups: &Groups, evaluation: &Evaluation) -> BTreeMap<Labels, Vec<Judged>> {
    let mut split: BTreeMap<Labels, Vec<Judged>> = BTreeMap::new();
    for series in &evaluation.series {
        let Some((judgement, consecutive, recover)) = series.judged else { continue };
        let judged = Judged { series: series.series(), judgement, consecutive, recover, report: series.report() };
        split.entry(group_of(&monitor.alert.group_by, &series.labels)).or_default().push(judged);
    }
    let policies = [(Verdict::NoData, monitor.alert.no_data), (Verdict::Error, monitor.alert.on_error)];
    let remembered = groups.states.get(&Labels::new());
    for (verdict, policy) in policies {
        let judged = unmeasured(evaluation, verdict, policy);
        let holds = judged.report.verdict == verdict;
        if holds || remembered.is_some_and(|state| state.standings.contains_key(&judged.series)) {
            split.entry(Labels::new()).or_default().push(judged);
        }
    }
    // A threshold that the configuration has no more holds no incident open.
    for (group, _) in groups.states.iter().filter(|(_, state)| state.standings.keys().any(|s| !known(monitor, s))) {
        split.entry(group.clone()).or_default();
    }
    // A warned group whose series are gone or well again must be able to forget the warning.
    if remembered.is_some_and(|state| state.warned) {
        split.entry(Labels::new()).or_default();
    }
    split
}

/// Whether a standing can still change: its threshold is configured, or it stands in for what was not measured.
fn known(monitor: &Monitor, series: &Series) -> bool {
    let stands_in = [Verdict::NoData, Verdict::Error].iter().any(|verdict| verdict.as_str() == series.metric);
    stands_in || monitor.thresholds.iter().any(|threshold| threshold.metric == series.metric)
}

fn group_of(group_by: &BTreeSet<String>, labels: &Labels) -> Labels {
    labels.iter().filter(|(name, _)| group_by.contains(*name)).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// The stand-in for all that could not be measured or judged at this tick, or for its absence.
fn unmeasured(evaluation: &Evaluation, verdict: Verdict, policy: PolicyVerdict) -> Judged {
    let whole = (evaluation.series.is_empty() && evaluation.verdict == verdict).then(|| evaluation.error.clone());
    let reason = whole.flatten().or_else(|| reason_of(verdict, &evaluation.series));
    let holds = reason.is_some();
    let counted = match (holds, policy) {
        (false, _) | (true, PolicyVerdict::Ok) => Verdict::Ok,
        (true, PolicyVerdict::Warn) => Verdict::Warn,
        (true, PolicyVerdict::Breach) => Verdict::Breach,
    };
    let series = Series { metric: verdict.as_str().to_owned(), labels: Labels::new() };
    let report = SeriesReport {
        series: series.clone(),
        value: None,
        baseline: None,
        verdict: if holds { verdict } else { Verdict::Ok },
        limit: String::new(),
        excess: None,
        detail: reason,
    };
    let judgement = Judgement { verdict: counted, clears: counted != Verdict::Breach };
    Judged { series, judgement, consecutive: 1, recover: 1, report }
}

/// The reports, worst first; those that are ok are kept for an incident that goes on or resolves.
fn reports(judged: &[Judged]) -> Vec<SeriesReport> {
    let mut reports: Vec<_> = judged.iter().map(|judged| judged.report.clone()).collect();
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
    reports: Vec<SeriesReport>,
}

impl Decision<'_> {
    fn apply(self, change: Change, group: &Labels, open: Option<&Incident>, record: &mut CheckRecord) {
        match (change, open) {
            (Change::Open, _) => self.open(group, record),
            (Change::Continue, Some(incident)) => {
                record.incidents.push(Incident { series: self.reports, ..incident.clone() });
            }
            (Change::Resolve, Some(incident)) => self.resolve(incident, record),
            (Change::Warn, _) => self.warn(record),
            (Change::None | Change::Continue | Change::Resolve, _) => {}
        }
    }

    fn open(self, group: &Labels, record: &mut CheckRecord) {
        let incident = open_incident(self.monitor, group, self.reports, self.at, false);
        record.ledger.push(LedgerRow {
            kind: "incident.opened",
            subject: incident.id.clone(),
            body: json!({ "monitor": incident.monitor, "group": group, "at": self.at, "series": incident.series,
                "config": self.workspace.digests.config }),
        });
        record.steps.extend(plan(self.workspace, self.monitor, self.runbook, &incident));
        record.incidents.push(incident);
    }

    fn resolve(self, incident: &Incident, record: &mut CheckRecord) {
        let state = IncidentState::Resolved { by: None, at: self.at };
        let incident = Incident { state, series: self.reports.clone(), ..incident.clone() };
        let facts = compose::facts(self.monitor, Some(&incident), self.at, self.reports, incident.drill);
        let note = compose::Note { kind: MessageKind::Resolved, facts, first_step: None, next_steps: Vec::new() };
        record.messages.extend(compose::to_team(self.workspace, &self.monitor.owner, &note, self.now));
        record.cancel.push(incident.id.clone());
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
        let facts = compose::facts(self.monitor, None, self.at, self.reports, false);
        let note = compose::Note { kind: MessageKind::Warning, facts, first_step: None, next_steps: Vec::new() };
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
    let facts = compose::facts(monitor, Some(incident), incident.opened_at, incident.series.clone(), incident.drill);
    let digest = workspace.digests.runbooks.get(&runbook.id).cloned().unwrap_or_default();
    (0..)
        .zip(std::iter::once(&runbook.first).chain(&runbook.rest))
        .map(|(position, step)| {
            let by_itself = position == 0 || (step.run == StepRun::Auto && step.approval.is_none());
            let mut step = step.clone();
            step.action = step.action.rendered(&facts);
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
            }
        })
        .collect()
}
