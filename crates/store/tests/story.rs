//! The engine's story on the real store, with scripted checks and peers: timelines, and a crash after each record.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

mod common;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use watchkeeper_engine::{
    Engine, Ports, SimulatedClock, Tick, Watched,
    ports::{
        action::{ActionEnd, Probe},
        store::{Begin, Begun, Store},
    },
};
use watchkeeper_model::{
    Action, ExecAction, GateAction, GateState, Guard, MessageKind, Name, Outcome, Template, Time, Workspace,
};
use watchkeeper_store::{HoldScope, SqlStore};
use watchkeeper_testkit::{
    RecordingNotifier, ScriptedActions, ScriptedChecker, ScriptedSources, monitor, runbook, time, workspace,
};

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn pause() -> Action {
    Action::Gate(GateAction { gate: name("loan-decisions"), state: GateState::Paused })
}

fn restart() -> Action {
    Action::Exec(ExecAction {
        command: vec!["/usr/bin/restart".to_owned()],
        env: BTreeMap::from([("MONITOR".to_owned(), Template::parse("{monitor}").expect("a template"))]),
        stdin: None,
        directory: None,
        secrets: BTreeMap::new(),
    })
}

/// A story's stage: the real store, everything else scripted.
struct Stage {
    clock: Arc<SimulatedClock>,
    store: Arc<SqlStore>,
    actions: Arc<ScriptedActions>,
    notifier: Arc<RecordingNotifier>,
    engine: Arc<Engine>,
}

impl Stage {
    async fn new(action: Action, aucs: &[f64], ends: Vec<ActionEnd>, probes: Vec<Probe>) -> Self {
        let store = Arc::new(common::store().await);
        Self::on(store, workspace(monitor(), runbook(action)), aucs, ends, probes)
    }

    fn on(store: Arc<SqlStore>, workspace: Workspace, aucs: &[f64], ends: Vec<ActionEnd>, probes: Vec<Probe>) -> Self {
        let clock = Arc::new(SimulatedClock::at(time("2026-03-01T00:00:00Z")));
        let actions = Arc::new(ScriptedActions::new(ends, probes));
        let notifier = Arc::new(RecordingNotifier::default());
        let ports = Ports {
            clock: clock.clone(),
            store: store.clone(),
            sources: Arc::new(ScriptedSources),
            checker: Arc::new(ScriptedChecker::values("auc", aucs)),
            actions: actions.clone(),
            notifier: notifier.clone(),
        };
        Self { clock, store, actions, notifier, engine: Arc::new(Engine::new(workspace, ports)) }
    }

    /// Day `day` of March at 06:00.
    fn at(day: u32) -> Time {
        time(&format!("2026-03-{day:02}T06:00:00Z"))
    }

    async fn tick(&self, day: u32) {
        let tick = Tick { at: Self::at(day), monitor: name("loan-auc") };
        self.engine.simulate_tick(&self.clock, &tick).await.expect("the tick runs");
    }

    fn kinds(&self) -> Vec<MessageKind> {
        self.notifier.sent().iter().map(|(_, message)| message.kind).collect()
    }

    async fn gate(&self) -> GateState {
        let gates = self.store.gates().await.expect("the gates are read");
        gates.iter().find(|gate| gate.name == name("loan-decisions")).map_or(GateState::Open, |gate| gate.state)
    }
}

#[tokio::test]
async fn one_breach_is_one_act_one_handoff_and_one_resolution() {
    let stage = Stage::new(pause(), &[0.9, 0.55, 0.5, 0.61, 0.7, 0.8], vec![], vec![]).await;
    for day in 1..=6 {
        stage.tick(day).await;
    }
    assert_eq!(stage.kinds(), [MessageKind::Handoff, MessageKind::Resolved]);
    assert_eq!(stage.gate().await, GateState::Paused, "a gate is opened by people, never by itself");
    let handoffs = stage.store.handoffs().await.expect("the handoffs are read");
    assert_eq!(handoffs.len(), 1);
    assert_eq!(handoffs[0].opened_at, Stage::at(2));
    assert_eq!(handoffs[0].resolved_at, Some(Stage::at(5)), "0.61 is not in breach, yet not cleared");
    stage.store.verify_ledger(None).await.expect("the chain holds");
}

#[tokio::test]
async fn the_owner_is_told_after_the_act_and_how_it_ended() {
    let ends = vec![ActionEnd::failed("exit code 1: no such service")];
    let stage = Stage::new(restart(), &[0.5], ends, vec![]).await;
    stage.tick(1).await;
    let calls = stage.actions.calls();
    assert_eq!(calls.len(), 1);
    let Action::Exec(exec) = &calls[0].action else { panic!("an exec step") };
    assert_eq!(exec.env["MONITOR"].text(), "loan-auc", "arguments are rendered before they are recorded");
    let sent = stage.notifier.sent();
    let report = sent[0].1.first_step.as_ref().expect("the first step is in the handoff");
    assert_eq!(report.outcome, Some(Outcome::Failed));
    assert_eq!(report.detail, "exit code 1: no such service");
    assert_eq!(sent[0].1.ledger_head.len(), 64, "the head leaves the machine with every handoff");
}

#[tokio::test]
async fn a_tick_that_was_run_is_not_run_again() {
    let stage = Stage::new(restart(), &[0.5, 0.5], vec![], vec![]).await;
    stage.tick(1).await;
    stage.tick(1).await;
    assert_eq!(stage.actions.calls().len(), 1);
}

#[tokio::test]
async fn a_broken_check_is_told_and_never_ok() {
    let stage = Stage::new(pause(), &[], vec![], vec![]).await;
    stage.tick(1).await;
    assert_eq!(stage.kinds(), [MessageKind::Handoff]);
    let facts = &stage.notifier.sent()[0].1.facts;
    assert_eq!(facts.series[0].detail.as_deref(), Some("the script is used up"));
}

#[tokio::test]
async fn a_hold_stops_the_act_and_not_the_message() {
    let stage = Stage::new(restart(), &[0.5], vec![], vec![]).await;
    stage.store.hold(&HoldScope::All, "an operator", "maintenance", None, Stage::at(1)).await.expect("held");
    stage.tick(1).await;
    assert!(stage.actions.calls().is_empty());
    let report = stage.notifier.sent()[0].1.first_step.clone().expect("the step is in the handoff");
    assert_eq!(report.outcome, Some(Outcome::Withheld));
    assert!(report.detail.contains("maintenance"), "{}", report.detail);
}

#[tokio::test]
async fn reminders_go_on_until_somebody_acknowledges() {
    let mut watched = monitor();
    watched.alert.repeat = Some(Duration::from_secs(4 * 3600));
    let store = Arc::new(common::store().await);
    let stage = Stage::on(store, workspace(watched, runbook(pause())), &[0.5], vec![], vec![]);
    stage.tick(1).await;
    stage.engine.simulate_until(&stage.clock, time("2026-03-01T15:00:00Z")).await.expect("time passes");
    assert_eq!(stage.kinds(), [MessageKind::Handoff, MessageKind::Reminder, MessageKind::Reminder]);
    let incident = stage.store.handoffs().await.expect("the handoffs are read")[0].incident.clone();
    stage.store.acknowledge(&incident, "an operator", stage.engine_now()).await.expect("acknowledged");
    stage.engine.simulate_until(&stage.clock, time("2026-03-02T05:00:00Z")).await.expect("time passes");
    assert_eq!(stage.kinds().len(), 3);
}

impl Stage {
    fn engine_now(&self) -> Time {
        use watchkeeper_engine::ports::clock::Clock;
        self.clock.now()
    }
}

/// Leaves the first step in INTENT, as a crash right after that commit does.
async fn crash_in_intent(stage: &Stage) {
    use watchkeeper_engine::{decide, ports::store::Groups};
    let workspace = stage.engine.workspace();
    let watched = Watched::of(workspace, &name("loan-auc")).expect("it is configured");
    let at = Stage::at(1);
    let evaluation = stage.engine.evaluate("loan-auc", at).await.expect("evaluated");
    let claim = stage.store.claim(&watched.monitor.id, at, at).await.expect("claimed").expect("a new occurrence");
    let record = decide(workspace, watched, &Groups::default(), &evaluation, at);
    stage.store.record_check(&claim, &record).await.expect("recorded");
    let begin = Begin {
        idempotency_key: "key".to_owned(),
        guard: Guard::default(),
        inhibited_by: Vec::new(),
        maintenance: Vec::new(),
        not_after: None,
        before: None,
        at,
    };
    let begun = stage.store.begin_step(&record.steps[0], &begin).await.expect("begun");
    assert!(matches!(begun, Begun::Go { .. }));
}

/// Starts a new engine on the same store, as a restart does, and lets it recover.
async fn restart_on(stage: &Stage, action: Action) -> Stage {
    let next = Stage::on(stage.store.clone(), workspace(monitor(), runbook(action)), &[], vec![], vec![]);
    next.engine.finish().await.expect("it recovers");
    next
}

#[tokio::test]
async fn an_exec_step_in_intent_comes_back_as_unknown_and_is_not_run_again() {
    let stage = Stage::new(restart(), &[0.5], vec![], vec![]).await;
    crash_in_intent(&stage).await;
    let next = restart_on(&stage, restart()).await;
    assert!(next.actions.calls().is_empty(), "it is not run again");
    let report = next.notifier.sent()[0].1.first_step.clone().expect("the owner is told so");
    assert_eq!(report.outcome, Some(Outcome::Unknown));
}

#[tokio::test]
async fn a_gate_step_in_intent_is_done_once_and_whole() {
    let stage = Stage::new(pause(), &[0.5], vec![], vec![]).await;
    crash_in_intent(&stage).await;
    assert_eq!(stage.gate().await, GateState::Open, "nothing of it shows before its result");
    let next = restart_on(&stage, pause()).await;
    assert_eq!(next.gate().await, GateState::Paused);
    let report = next.notifier.sent()[0].1.first_step.clone().expect("the owner is told so");
    assert_eq!(report.outcome, Some(Outcome::Done));
}
