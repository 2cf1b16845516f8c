//! A small world: one monitor, one incident, a gate step, and the records the engine would write of them.

use std::time::Duration;

use serde_json::json;
use watchkeeper_engine::ports::store::{
    Begin, Begun, CheckRecord, Claim, LedgerRow, NewMessage, Recorded, StepEnd, StepRecord, Store as _,
};
use watchkeeper_model::{
    Action, Facts, GateAction, GateState, GroupState, Guard, Incident, IncidentState, Labels, Layer, Message,
    MessageKind, Name, OnFailure, Outcome, Remedy, Series, SeriesReport, Severity, Standing, Step, StepReport, StepRun,
    StepStatus, Subject, Time, Verdict,
};
use watchkeeper_store::SqlStore;

pub(crate) fn at(second: i64) -> Time {
    Time::from_timestamp_micros(1_767_225_600_000_000 + second * 1_000_000 + 1).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn series() -> Series {
    Series { metric: "null_rate".to_owned(), labels: Labels::from([("column".to_owned(), "income".to_owned())]) }
}

fn report() -> SeriesReport {
    let (subject, limit) = (Subject::Series(series()), "above 0.05".to_owned());
    let (excess, verdict) = (None, Verdict::Breach);
    SeriesReport { subject, value: Some(0.07), baseline: Some(0.1), verdict, limit, excess, detail: None }
}

pub(crate) fn incident(id: &str, monitor: &str) -> Incident {
    Incident {
        id: id.to_owned(),
        monitor: name(monitor),
        group: Labels::from([("column".to_owned(), "income".to_owned())]),
        layer: Layer::Data,
        severity: Severity::Critical,
        owner: name("data-engineering"),
        runbook: name("pause"),
        opened_at: at(0),
        state: IncidentState::Open,
        series: vec![report()],
        drill: false,
    }
}

pub(crate) fn breaching() -> GroupState {
    GroupState { standings: [(Subject::Series(series()), Standing::Breaching(0))].into(), warned: true }
}

fn facts(incident: &Incident) -> Facts {
    Facts {
        monitor: incident.monitor.clone(),
        description: "Nulls in the scores".to_owned(),
        layer: incident.layer,
        severity: incident.severity,
        owner: incident.owner.clone(),
        labels: Labels::new(),
        group: incident.group.clone(),
        incident: Some(incident.id.clone()),
        run: Some(format!("r{}", incident.id)),
        at: incident.opened_at,
        series: incident.series.clone(),
        more_series: 0,
        trend: None,
        drill: incident.drill,
    }
}

/// The first step of an incident: pause the gate `loans`.
pub(crate) fn pause(incident: &Incident) -> StepRecord {
    StepRecord {
        run: format!("r{}", incident.id),
        incident: incident.id.clone(),
        position: 0,
        step: Step {
            id: name("pause-loans"),
            description: "Pause loans".to_owned(),
            timeout: Duration::from_secs(30),
            action: Action::Gate(GateAction { gate: name("loans"), state: GateState::Paused }),
            run: StepRun::Auto,
            approval: None,
            after_resolve: false,
            verify: None,
            on_failure: OnFailure::Continue,
            retries: None,
            undo: None,
        },
        runbook: (incident.runbook.clone(), "digest".to_owned()),
        facts: facts(incident),
        status: StepStatus::Planned,
        epoch: 1,
        started_at: None,
        tick: incident.opened_at,
        attempts: 0,
        told: false,
        asked_by: None,
        before: None,
        reference: None,
        finished_at: None,
        remedy: None,
    }
}

/// The gate step's intent is committed: it goes.
pub(crate) fn go() -> Begun {
    let action = Box::new(Action::Gate(GateAction { gate: name("loans"), state: GateState::Paused }));
    Begun::Go { reopen: None, despite: Vec::new(), action, before: Some(json!({ "state": "open" })) }
}

pub(crate) fn message(step: &StepRecord, kind: MessageKind, not_before: Time) -> NewMessage {
    NewMessage {
        incident: Some(step.incident.clone()),
        overdue_for: (kind == MessageKind::Overdue).then(|| (step.run.clone(), step.step.id.clone())),
        until_acknowledged: kind == MessageKind::Reminder,
        team: Some(step.facts.owner.clone()),
        channel: name("slack"),
        receiver: None,
        not_before,
        repeat: (kind == MessageKind::Reminder).then(|| Duration::from_secs(600)),
        message: Message {
            id: format!("{}.{kind:?}", step.incident),
            kind,
            facts: step.facts.clone(),
            first_step: None,
            next_steps: Vec::new(),
            note: None,
            digest: Vec::new(),
            report: None,
            link: None,
            ledger_head: String::new(),
        },
    }
}

pub(crate) fn guard() -> Guard {
    Guard { per_incident: 1, per_target: None, global: None, circuit_breaker: None, flapping: None }
}

/// An intent that may be committed at any time.
pub(crate) fn begin(guard: Guard, at: Time) -> Begin {
    Begin {
        idempotency_key: "key".to_owned(),
        guard,
        inhibited_by: Vec::new(),
        maintenance: Vec::new(),
        not_after: None,
        before: None,
        at,
    }
}

/// A first step's end, with a handoff message now and a reminder in ten minutes.
pub(crate) fn end(step: &StepRecord, outcome: Outcome, at: Time) -> StepEnd {
    let reminder = message(step, MessageKind::Reminder, at + Duration::from_secs(600));
    StepEnd {
        outcome,
        report: StepReport {
            step: step.step.id.clone(),
            action: step.step.action.kind().to_owned(),
            summary: step.step.action.summary(),
            outcome: Some(outcome),
            detail: "as told".to_owned(),
            started_at: Some(at),
            finished_at: Some(at),
            remedy: None,
        },
        reference: Some("REF-1".to_owned()),
        remedy: (outcome == Outcome::Done).then_some(Remedy::Acted),
        messages: vec![message(step, MessageKind::Handoff, at), reminder],
        ledger: vec![LedgerRow { kind: "step.ended", subject: step.incident.clone(), body: json!({}) }],
        hands_off: true,
        resumes: false,
        comment: None,
        at,
    }
}

/// A check that opens this incident and plans its first step, of which the owner hears after a minute.
pub(crate) fn opening(incident: &Incident, at: Time) -> CheckRecord {
    let step = pause(incident);
    CheckRecord {
        newest: None,
        verdict: Verdict::Breach,
        evaluation: json!({ "monitor": incident.monitor, "verdict": "breach" }),
        states: vec![(incident.group.clone(), breaching())],
        incidents: vec![incident.clone()],
        messages: vec![message(&step, MessageKind::Overdue, at + Duration::from_secs(61))],
        steps: vec![step],
        going_on: Vec::new(),
        resolved: Vec::new(),
        ledger: vec![LedgerRow { kind: "incident.opened", subject: incident.id.clone(), body: json!({ "b": 1 }) }],
        at,
    }
}

/// Opens an incident by a check at this second.
pub(crate) async fn open_incident(store: &SqlStore, incident: &Incident, second: i64) -> StepRecord {
    let claim = store.claim(&incident.monitor, at(second), at(second)).await.unwrap().unwrap();
    record(store, &claim, opening(incident, at(second))).await;
    pause(incident)
}

/// Records a check on what is remembered now.
pub(crate) async fn record(store: &SqlStore, claim: &Claim, record: CheckRecord) {
    let newest = store.groups(&claim.monitor).await.unwrap().newest;
    let recorded = store.record_check(claim, &CheckRecord { newest, ..record }).await.unwrap();
    assert_eq!(recorded, Recorded::Whole);
}

/// The unfinished step, taken by a new owner.
pub(crate) async fn taken(store: &SqlStore, second: i64) -> StepRecord {
    let found = store.unfinished_steps(at(second)).await.unwrap().remove(0);
    store.take_step(&found.step).await.unwrap()
}

/// Opens an incident, begins its first step and ends it, a second each.
pub(crate) async fn hand_off(store: &SqlStore, incident: &Incident, outcome: Outcome, second: i64) -> StepRecord {
    let step = open_incident(store, incident, second).await;
    store.begin_step(&step, &begin(guard(), at(second + 1))).await.unwrap();
    store.end_step(&step, &end(&step, outcome, at(second + 2))).await.unwrap();
    step
}
