//! Guards: what is withheld for a time runs later, people are not held back, and budgets count what ran by itself.

use std::time::Duration;

use watchkeeper_engine::ports::store::{Begin, Begun, StepEnd, Store as _};
use watchkeeper_model::{
    Action, Answering, Budget, GateAction, GateState, Guard, MessageKind, Outcome, Person, Step, StepReport, StepRun,
    Withheld, Workspace,
};
use watchkeeper_store::{HoldScope, IncidentFilter, PeopleError};

use crate::stage::{Said, Stage, auc, day, name, pause, restart, sample};

const FIRST: &str = "first";

fn on_call() -> Person {
    "on-call".into()
}

/// Breaches from the first to this day of March.
fn breaching(days: u32) -> Said {
    (1..=days).fold(Said::default(), |said, at| said.at(day(at), auc(0.5)))
}

fn guarded(change: impl FnOnce(&mut Guard)) -> Workspace {
    let mut workspace = sample(restart());
    change(&mut workspace.runbooks.get_mut(&name("model-degradation")).unwrap().guard);
    workspace
}

/// The run of the newest incident.
async fn run_of(stage: &Stage) -> String {
    stage.store.handoffs().await.unwrap().remove(0).id
}

fn kinds(stage: &Stage) -> Vec<MessageKind> {
    stage.notifier.sent().iter().map(|(_, message)| message.kind).collect()
}

#[tokio::test]
async fn a_step_that_a_hold_kept_back_runs_at_the_next_tick_that_still_breaches() {
    let stage = Stage::new(breaching(3)).await;
    let engine = stage.engine(sample(restart()));
    stage.store.hold(&HoldScope::All, "ana", "migration", None, day(1)).await.unwrap();
    stage.tick(&engine, day(1)).await;
    let report = stage.notifier.sent()[0].1.first_step.clone().unwrap();
    assert_eq!((report.outcome, stage.actions.count()), (Some(Outcome::Withheld), 0));
    assert!(report.detail.ends_with("it runs once that ends, if the breach goes on"), "{}", report.detail);

    stage.tick(&engine, day(2)).await;
    assert_eq!(stage.actions.count(), 0, "still on hold");
    stage.store.release(&HoldScope::All, "ana", day(2)).await.unwrap();
    stage.tick(&engine, day(3)).await;
    assert_eq!(stage.actions.count(), 1);
    assert_eq!(kinds(&stage), [MessageKind::Handoff, MessageKind::Step]);
    assert_eq!(stage.store.handoffs().await.unwrap()[0].first_step.outcome, Outcome::Done);
}

#[tokio::test]
async fn a_hold_ends_by_itself_and_a_breach_that_is_over_needs_no_step() {
    let stage = Stage::new(breaching(1).at(day(2), auc(0.7)).at(day(3), auc(0.5))).await;
    let engine = stage.engine(sample(restart()));
    let until = Some(day(1) + Duration::from_secs(7200));
    stage.store.hold(&HoldScope::All, "ana", "migration", until, day(1)).await.unwrap();
    stage.tick(&engine, day(1)).await;
    assert_eq!(stage.store.holds(day(2)).await.unwrap(), []);
    stage.tick(&engine, day(2)).await;
    assert_eq!(stage.actions.count(), 0, "the breach is over");
    stage.tick(&engine, day(3)).await;
    assert_eq!(stage.actions.count(), 1, "the next one is acted on");
}

#[tokio::test]
async fn an_inhibited_step_runs_when_the_other_incident_is_over_which_says_what_it_held_back() {
    let checks = breaching(3);
    let stage = Stage::new(checks).await;
    let mut workspace = sample(restart());
    let mut schema = workspace.monitors[&name("loan-auc")].clone();
    schema.id = name("loan-schema");
    workspace.monitors.insert(name("loan-schema"), schema);
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().alert.inhibited_by = [name("loan-schema")].into();
    let engine = stage.engine(workspace);
    let schema = watchkeeper_engine::Tick { at: day(1), monitor: name("loan-schema") };
    engine.simulate_tick(&stage.clock, &schema).await.unwrap();
    stage.tick(&engine, day(1)).await;
    assert_eq!(stage.actions.count(), 1, "only the inhibitor's own");
    let open = IncidentFilter { monitor: Some(name("loan-schema")), ..IncidentFilter::default() };
    let inhibitor = stage.store.incidents(&open).await.unwrap().remove(0).id;
    let noted = stage.store.incident(&inhibitor).await.unwrap().comments.remove(0).text;
    assert!(noted.starts_with("holds back step first of incident ") && noted.ends_with(" of loan-auc"), "{noted}");

    stage.store.resolve(&inhibitor, "ana", day(2)).await.unwrap();
    stage.tick(&engine, day(2)).await;
    assert_eq!(stage.actions.count(), 2);
}

#[tokio::test]
async fn people_start_what_is_withheld_and_try_again_what_has_ended() {
    let stage = Stage::new(breaching(1)).await;
    let engine = stage.engine(sample(restart()));
    stage.store.hold(&HoldScope::All, "ana", "migration", None, day(1)).await.unwrap();
    stage.tick(&engine, day(1)).await;
    let (run, first) = (run_of(&stage).await, name(FIRST));
    let started = stage.store.start_step(&run, &first, &on_call(), false, day(1)).await;
    assert_eq!(started.unwrap(), Answering::Released);
    let (attempt, despite) = act(&stage).await;
    assert_eq!(
        (attempt, despite),
        (1, vec![Withheld::Held("migration".to_owned())]),
        "a hold stops what runs by itself"
    );

    let not_again = stage.store.start_step(&run, &first, &on_call(), false, day(1)).await;
    assert!(matches!(not_again, Err(PeopleError::OnlyAgain(..))), "{not_again:?}");
    stage.store.start_step(&run, &first, &on_call(), true, day(1)).await.unwrap();
    assert_eq!(act(&stage).await.0, 2, "another attempt is another act to its peer");
    let kinds: Vec<String> = stage.store.ledger(1, 100).await.unwrap().into_iter().map(|row| row.kind).collect();
    assert!(kinds.contains(&"step.started_again".to_owned()) && kinds.contains(&"step.start_refused".to_owned()));
    let detail = stage.store.incident(&stage.store.handoffs().await.unwrap()[0].incident).await.unwrap();
    assert_eq!((detail.steps[0].attempts, detail.steps[0].status), (2, "done"));
}

/// Does what people released, as the daemon does: the attempt, and what people have overruled.
pub(crate) async fn act(stage: &Stage) -> (u32, Vec<Withheld>) {
    let found = stage.store.unfinished_steps(day(1)).await.unwrap().remove(0);
    let step = stage.store.take_step(&found.step).await.unwrap();
    let begin = Begin {
        idempotency_key: format!("key {}", step.attempt()),
        guard: Guard { per_target: Some(Budget { max: 1, per: Duration::from_secs(60) }), ..Guard::default() },
        inhibited_by: Vec::new(),
        maintenance: Vec::new(),
        not_after: None,
        before: None,
        at: day(1),
    };
    let Begun::Go { despite, .. } = stage.store.begin_step(&step, &begin).await.unwrap() else {
        panic!("people decided")
    };
    let report = StepReport {
        step: step.step.id.clone(),
        action: "exec".to_owned(),
        summary: String::new(),
        outcome: Some(Outcome::Done),
        detail: String::new(),
        started_at: Some(day(1)),
        finished_at: Some(day(1)),
        remedy: None,
    };
    let end = StepEnd {
        outcome: Outcome::Done,
        report,
        reference: None,
        remedy: None,
        messages: Vec::new(),
        ledger: Vec::new(),
        hands_off: false,
        resumes: false,
        comment: None,
        at: day(1),
    };
    stage.store.end_step(&step, &end).await.unwrap();
    (step.attempt(), despite)
}

#[tokio::test]
async fn budgets_count_what_ran_by_itself_and_opening_a_gate_is_another_target_than_pausing_it() {
    let checks = breaching(1).at(day(2), auc(0.7)).at(day(3), auc(0.5));
    let stage = Stage::new(checks).await;
    let mut workspace = sample(pause());
    let runbook = workspace.runbooks.get_mut(&name("model-degradation")).unwrap();
    runbook.guard.per_target = Some(Budget { max: 2, per: Duration::from_secs(30 * 86_400) });
    let reopen = GateAction { gate: name("loan-decisions"), state: GateState::Open };
    runbook.rest =
        vec![Step { id: name("reopen"), action: Action::Gate(reopen), run: StepRun::Manual, ..runbook.first.clone() }];
    let engine = stage.engine(workspace);
    stage.tick(&engine, day(1)).await;
    let run = run_of(&stage).await;
    stage.store.start_step(&run, &name("reopen"), &on_call(), false, day(1)).await.unwrap();
    act(&stage).await;
    stage.tick(&engine, day(2)).await;
    stage.tick(&engine, day(3)).await;
    let outcomes: Vec<Outcome> = stage.store.handoffs().await.unwrap().iter().map(|h| h.first_step.outcome).collect();
    assert_eq!(outcomes, [Outcome::Done, Outcome::Done], "the gate is paused again");
}

#[tokio::test]
async fn what_flaps_is_told_and_not_acted_on() {
    let said = (1..=6).fold(Said::default(), |said, at| said.at(day(at), auc(if at % 2 == 1 { 0.5 } else { 0.7 })));
    let stage = Stage::new(said).await;
    let month = Duration::from_secs(30 * 86_400);
    let engine = stage.engine(guarded(|guard| guard.flapping = Some(Budget { max: 2, per: month })));
    for at in 1..=6 {
        stage.tick(&engine, day(at)).await;
    }
    assert_eq!(stage.actions.count(), 2);
    let mut handoffs = stage.notifier.sent().into_iter().filter(|(_, message)| message.kind == MessageKind::Handoff);
    let last = handoffs.next_back().unwrap().1.first_step.unwrap();
    assert_eq!(last.outcome, Some(Outcome::Withheld));
    assert!(last.detail.contains("flaps: more than 2 incidents within 30 d"), "{}", last.detail);
}

#[test]
fn a_runbook_that_says_nothing_has_cautious_budgets() {
    let guard = Guard::default();
    assert_eq!(guard.per_target.unwrap().to_string(), "3 in 1 h");
    assert_eq!(guard.global.unwrap().to_string(), "20 in 1 h");
    assert!(Withheld::Held(String::new()).may_end() && !Withheld::Global(1).may_end());
}
