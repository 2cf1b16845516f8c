//! What comes too late does not act, and says so.

use std::time::Duration;

use watchkeeper_engine::ports::store::Store as _;
use watchkeeper_model::{GateState, MessageKind, Outcome};

use crate::stage::{Said, Stage, auc, day, name, pause, restart, sample};

/// A breach of day 1, decided and recorded; its first step is planned and nobody has run it.
async fn planned(stage: &Stage, workspace: watchkeeper_model::Workspace) -> String {
    use watchkeeper_engine::{Watched, decide, ports::store::Groups};
    let engine = stage.engine(workspace);
    let watched = Watched::of(engine.workspace(), &name("loan-auc")).unwrap();
    let evaluation = engine.evaluate("loan-auc", day(1)).await.unwrap();
    let claim = stage.store.claim(&watched.monitor.id, day(1), day(1)).await.unwrap().unwrap();
    let record = decide(engine.workspace(), watched, &Groups::default(), &evaluation, day(1));
    stage.store.record_check(&claim, &record).await.unwrap();
    record.incidents[0].id.clone()
}

#[tokio::test]
async fn a_first_step_whose_reason_is_hours_old_is_withheld_and_told() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    planned(&stage, sample(restart())).await;
    stage.clock.advance_to(day(1) + Duration::from_secs(8 * 3600));
    stage.engine(sample(restart())).finish().await.unwrap();
    assert_eq!(stage.actions.count(), 0);
    let sent = stage.notifier.sent();
    assert_eq!(sent[0].1.kind, MessageKind::Handoff);
    let report = sent[0].1.first_step.as_ref().unwrap();
    assert_eq!(report.outcome, Some(Outcome::Withheld));
    assert!(report.detail.contains("too old to act on"), "{}", report.detail);
}

#[tokio::test]
async fn a_first_step_that_stranded_for_a_minute_runs() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    planned(&stage, sample(restart())).await;
    stage.clock.advance_to(day(1) + Duration::from_secs(60));
    stage.engine(sample(restart())).finish().await.unwrap();
    assert_eq!(stage.actions.count(), 1);
}

/// Leaves the gate step of day 1's incident in INTENT, as a crash right after that commit does.
async fn gate_in_intent(stage: &Stage) -> String {
    use watchkeeper_engine::ports::store::Begin;
    let incident = planned(stage, sample(pause())).await;
    let found = stage.store.unfinished_steps(day(1)).await.unwrap().remove(0);
    let begin = Begin {
        idempotency_key: "key".to_owned(),
        guard: watchkeeper_model::Guard::default(),
        inhibited_by: Vec::new(),
        maintenance: Vec::new(),
        not_after: None,
        before: None,
        at: day(1),
    };
    stage.store.begin_step(&found.step, &begin).await.unwrap();
    incident
}

/// How the gate stands and how its step ended, after a restart ten seconds later.
async fn after_restart(stage: &Stage) -> (GateState, Outcome, String) {
    stage.clock.advance_to(day(1) + Duration::from_secs(10));
    stage.engine(sample(pause())).finish().await.unwrap();
    let gate = stage.store.gate(&name("loan-decisions")).await.unwrap();
    let sent = stage.notifier.sent();
    let report = sent.iter().find_map(|(_, message)| message.first_step.clone()).unwrap();
    (gate.state, report.outcome.unwrap(), report.detail)
}

#[tokio::test]
async fn a_gate_that_people_opened_after_the_intent_stays_open() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    gate_in_intent(&stage).await;
    let (gate, later) = (name("loan-decisions"), day(1) + Duration::from_secs(1));
    stage.store.set_gate(&gate, GateState::Paused, "on-call", "by hand", later).await.unwrap();
    let later = day(1) + Duration::from_secs(2);
    stage.store.set_gate(&gate, GateState::Open, "on-call", "it is fine", later).await.unwrap();
    let (state, outcome, detail) = after_restart(&stage).await;
    assert_eq!((state, outcome), (GateState::Open, Outcome::Failed));
    assert!(detail.contains("on-call set gate loan-decisions to another state"), "{detail}");
}

#[tokio::test]
async fn a_gate_is_not_set_for_an_incident_that_people_resolved_meanwhile() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let incident = gate_in_intent(&stage).await;
    stage.store.resolve(&incident, "on-call", day(1) + Duration::from_secs(1)).await.unwrap();
    let (state, outcome, detail) = after_restart(&stage).await;
    assert_eq!((state, outcome), (GateState::Open, Outcome::Failed));
    assert!(detail.contains("the incident was resolved"), "{detail}");
}

#[tokio::test]
async fn a_gate_in_intent_that_nobody_overtook_is_set_once() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    gate_in_intent(&stage).await;
    let (state, outcome, _) = after_restart(&stage).await;
    assert_eq!((state, outcome), (GateState::Paused, Outcome::Done));
}

#[tokio::test]
async fn a_step_that_people_started_is_never_too_late_for_its_tick() {
    use watchkeeper_engine::ports::store::Begin;
    use watchkeeper_model::{Action, GateAction, Guard, Step, StepRun};
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let mut workspace = sample(pause());
    let runbook = workspace.runbooks.get_mut(&name("model-degradation")).unwrap();
    let open = Action::Gate(GateAction { gate: name("loan-decisions"), state: GateState::Open });
    runbook.rest = vec![Step { id: name("reopen"), run: StepRun::Manual, action: open, ..runbook.first.clone() }];
    stage.tick(&stage.engine(workspace.clone()), day(1)).await;
    let run = stage.store.handoffs().await.unwrap()[0].id.clone();
    let at = day(1) + Duration::from_secs(8 * 3600);
    stage.store.start_step(&run, &name("reopen"), &"on-call".into(), false, at).await.unwrap();
    let found = stage.store.unfinished_steps(at).await.unwrap().remove(0);
    let (idempotency_key, guard, inhibited_by) = ("key".to_owned(), Guard::default(), Vec::new());
    let begin =
        Begin { idempotency_key, guard, inhibited_by, maintenance: Vec::new(), not_after: None, before: None, at };
    stage.store.begin_step(&found.step, &begin).await.unwrap();
    // The daemon stops right after that commit, and comes back.
    stage.clock.advance_to(at + Duration::from_secs(10));
    stage.engine(workspace).finish().await.unwrap();
    assert_eq!(stage.store.gate(&name("loan-decisions")).await.unwrap().state, GateState::Open);
}

#[tokio::test]
async fn a_monitor_that_a_clock_ahead_has_blinded_fires_again_once_people_say_so() {
    let stage = Stage::new(Said::default().at(day(9), auc(0.5)).at(day(2), auc(0.5))).await;
    let engine = stage.engine(sample(pause()));
    let monitor = name("loan-auc");
    let claim = stage.store.claim(&monitor, day(9), day(9)).await.unwrap().unwrap();
    stage.store.pass_over(&claim, day(9)).await.unwrap();
    assert_eq!(stage.store.high_water(&monitor).await.unwrap(), Some(day(9)));
    let forgotten = stage.store.forget_times_to_come("ana", day(1)).await.unwrap();
    assert_eq!(forgotten, std::slice::from_ref(&monitor));
    assert_eq!(stage.store.forget_times_to_come("ana", day(1)).await.unwrap(), []);
    stage.tick(&engine, day(2)).await;
    assert_eq!(stage.store.handoffs().await.unwrap().len(), 1);
    stage.store.verify_ledger(None).await.unwrap();
}
