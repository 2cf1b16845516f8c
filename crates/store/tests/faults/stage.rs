//! A stage on the real store, on which every port can be made to misbehave.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use tokio::sync::{Barrier, Notify};
use watchkeeper_engine::{
    Engine, Ports, Process, SimulatedClock, Tick,
    ports::{
        action::{ActionCall, ActionEnd, Actions, Probe},
        checker::{CheckOutcome, CheckRequest, Checker, Manual},
        frame::Sources,
        notifier::Notifier,
    },
};
use watchkeeper_model::{
    Action, Comparison, ExecAction, GateAction, GateState, Labels, Measurement, Name, Series, Threshold, Time,
    Workspace,
};
use watchkeeper_store::SqlStore;
use watchkeeper_testkit::{RecordingNotifier, ScriptedSources, monitor, runbook, time, workspace};

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn pause() -> Action {
    Action::Gate(GateAction { gate: name("loan-decisions"), state: GateState::Paused })
}

pub(crate) fn restart() -> Action {
    Action::Exec(ExecAction {
        command: vec!["/usr/bin/restart".to_owned()],
        env: BTreeMap::new(),
        stdin: None,
        directory: None,
        secrets: BTreeMap::new(),
    })
}

/// A program that fails.
pub(crate) const FAILS: &str = "/usr/bin/fails";

/// Day `day` of March at 06:00: the ticks of the sample's monitor.
pub(crate) fn day(day: u32) -> Time {
    time(&format!("2026-03-{day:02}T06:00:00Z"))
}

/// One value of `auc` a tick.
pub(crate) fn auc(value: f64) -> CheckOutcome {
    CheckOutcome::Measured(vec![measurement("auc", &[], value)])
}

pub(crate) fn measurement(metric: &str, labels: &[(&str, &str)], value: f64) -> Measurement {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Measurement { series: Series { metric: metric.to_owned(), labels }, value, detail: None }
}

/// Every column's null rate, in breach above 5 %.
pub(crate) fn null_rates(columns: &[(&str, f64)]) -> CheckOutcome {
    let rate = |(column, value): &(&str, f64)| measurement("null_rate", &[("column", column)], *value);
    CheckOutcome::Measured(columns.iter().map(rate).collect())
}

/// The sample, watching null rates, a group a column.
pub(crate) fn by_column(action: Action) -> Workspace {
    let mut watched = monitor();
    watched.thresholds = vec![Threshold {
        metric: "null_rate".to_owned(),
        labels: BTreeMap::new(),
        breach: Some(Comparison::Above(0.05)),
        warn: None,
        clear: None,
        consecutive: 1,
        recover: 1,
    }];
    watched.alert.group_by = ["column".to_owned()].into();
    workspace(watched, runbook(action))
}

pub(crate) fn column(name: &str) -> Labels {
    [("column".to_owned(), name.to_owned())].into()
}

pub(crate) fn sample(action: Action) -> Workspace {
    workspace(monitor(), runbook(action))
}

/// Answers each tick with what was said for it; a tick may be held back.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) outcomes: Mutex<BTreeMap<Time, CheckOutcome>>,
    /// Rung by a check that is held back when it begins.
    pub(crate) begun: Notify,
    /// The tick that is held back, and what lets it go.
    pub(crate) held: Mutex<Option<(Time, Arc<Notify>)>>,
}

impl Said {
    pub(crate) fn at(self, at: Time, outcome: CheckOutcome) -> Self {
        self.outcomes.lock().unwrap().insert(at, outcome);
        self
    }
}

#[async_trait]
impl Checker for Said {
    async fn check(&self, request: CheckRequest) -> CheckOutcome {
        let held = self.held.lock().unwrap().clone();
        if let Some((_, released)) = held.filter(|(at, _)| *at == request.scheduled_at) {
            self.begun.notify_one();
            released.notified().await;
        }
        let outcome = self.outcomes.lock().unwrap().get(&request.scheduled_at).cloned();
        outcome.expect("something is said for this tick")
    }

    async fn manual(&self, plugin: &str) -> Result<Manual, String> {
        Err(format!("{plugin} has no manual"))
    }

    fn digest(&self, _plugin: &str) -> Option<String> {
        None
    }
}

/// Actions that meet at a barrier before they end.
pub(crate) struct Meeting {
    pub(crate) calls: Mutex<Vec<ActionCall>>,
    pub(crate) barrier: Barrier,
}

impl Meeting {
    /// So many have to be under way before any of them ends.
    pub(crate) fn of(many: usize) -> Arc<Self> {
        Arc::new(Self { calls: Mutex::default(), barrier: Barrier::new(many) })
    }

    pub(crate) fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

#[async_trait]
impl Actions for Meeting {
    async fn perform(&self, call: &ActionCall) -> ActionEnd {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(call.clone());
            calls.len()
        };
        self.barrier.wait().await;
        if matches!(&call.action, Action::Exec(exec) if exec.command == [FAILS]) {
            return ActionEnd::failed("exit code 1");
        }
        // A new issue has a key of its own, one that is taken up again keeps it.
        let key = || call.reopen.clone().unwrap_or_else(|| format!("OPS-{number}"));
        let reference = matches!(call.action, Action::Jira(_)).then(key);
        ActionEnd { reference, ..ActionEnd::done("done") }
    }

    async fn probe(&self, _call: &ActionCall) -> Probe {
        Probe::Absent
    }
}

/// The stage itself: the store, the clock, what was done and what was told.
pub(crate) struct Stage {
    pub(crate) clock: Arc<SimulatedClock>,
    pub(crate) store: Arc<SqlStore>,
    pub(crate) actions: Arc<Meeting>,
    pub(crate) notifier: Arc<RecordingNotifier>,
    pub(crate) checks: Arc<Said>,
    pub(crate) process: Process,
}

impl Stage {
    pub(crate) async fn new(checks: Said) -> Self {
        Self {
            clock: Arc::new(SimulatedClock::at(time("2026-03-01T00:00:00Z"))),
            store: Arc::new(crate::common::store().await),
            actions: Meeting::of(1),
            notifier: Arc::default(),
            checks: Arc::new(checks),
            process: Process::default(),
        }
    }

    pub(crate) fn engine(&self, workspace: Workspace) -> Arc<Engine> {
        self.engine_with(workspace, Arc::new(ScriptedSources), self.notifier.clone())
    }

    pub(crate) fn engine_with(
        &self,
        workspace: Workspace,
        sources: Arc<dyn Sources>,
        notifier: Arc<dyn Notifier>,
    ) -> Arc<Engine> {
        let ports = Ports {
            clock: self.clock.clone(),
            store: self.store.clone(),
            sources,
            checker: self.checks.clone(),
            actions: self.actions.clone(),
            notifier,
        };
        Arc::new(Engine::of_daemon(workspace, ports, &self.process))
    }

    pub(crate) async fn tick(&self, engine: &Engine, at: Time) {
        let tick = Tick { at, monitor: name("loan-auc") };
        engine.simulate_tick(&self.clock, &tick).await.expect("the tick runs");
    }
}
