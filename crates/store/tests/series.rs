//! Monitors of many series on the real store: an incident a group, limits a label, the worst first.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use watchkeeper_engine::{Engine, Ports, SimulatedClock, Tick, ports::checker::CheckOutcome};
use watchkeeper_model::{
    Action, Comparison, Facts, GateAction, GateState, Labels, Measurement, MessageKind, Monitor, Name, Series,
    Threshold,
};
use watchkeeper_store::{IncidentFilter, IncidentRecord, SqlStore};
use watchkeeper_testkit::{
    RecordingNotifier, ScriptedActions, ScriptedChecker, ScriptedSources, monitor, runbook, time, workspace,
};

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn column(name: &str) -> Labels {
    Labels::from([("column".to_owned(), name.to_owned())])
}

/// A limit on `null_rate`; of every column when none is named.
fn above(limit: f64, columns: &[&str]) -> Threshold {
    let values: BTreeSet<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    Threshold {
        metric: "null_rate".to_owned(),
        labels: if values.is_empty() { BTreeMap::new() } else { BTreeMap::from([("column".to_owned(), values)]) },
        breach: Some(Comparison::Above(limit)),
        warn: None,
        clear: None,
        consecutive: 1,
        recover: 1,
    }
}

fn measured(rates: &[(&str, f64)]) -> CheckOutcome {
    let one = |(name, value): &(&str, f64)| {
        let series = Series { metric: "null_rate".to_owned(), labels: column(name) };
        Measurement { series, value: *value, detail: None }
    };
    CheckOutcome::Measured(rates.iter().map(one).collect())
}

/// The real store and engine; checks and peers are scripted.
struct Stage {
    clock: Arc<SimulatedClock>,
    store: Arc<SqlStore>,
    notifier: Arc<RecordingNotifier>,
    engine: Engine,
}

impl Stage {
    async fn new(thresholds: Vec<Threshold>, group_by: &[&str], ticks: Vec<CheckOutcome>) -> Self {
        let mut watched: Monitor = monitor();
        watched.thresholds = thresholds;
        watched.alert.group_by = group_by.iter().map(|label| (*label).to_owned()).collect();
        let pause = Action::Gate(GateAction { gate: name("loan-decisions"), state: GateState::Paused });
        let store = Arc::new(common::store().await);
        let clock = Arc::new(SimulatedClock::at(time("2026-03-01T00:00:00Z")));
        let notifier = Arc::new(RecordingNotifier::default());
        let ports = Ports {
            clock: clock.clone(),
            store: store.clone(),
            sources: Arc::new(ScriptedSources),
            checker: Arc::new(ScriptedChecker::new(ticks)),
            actions: Arc::new(ScriptedActions::default()),
            notifier: notifier.clone(),
        };
        Self { clock, store, notifier, engine: Engine::new(workspace(watched, runbook(pause)), ports) }
    }

    async fn tick(&self, day: u32) {
        let at = time(&format!("2026-03-{day:02}T06:00:00Z"));
        let tick = Tick { at, monitor: name("loan-auc") };
        self.engine.simulate_tick(&self.clock, &tick).await.expect("the tick runs");
    }

    async fn open(&self) -> Vec<IncidentRecord> {
        let filter = IncidentFilter { unresolved: true, ..IncidentFilter::default() };
        self.store.incidents(&filter).await.expect("the incidents are read")
    }

    fn told(&self) -> Vec<(MessageKind, Facts)> {
        self.notifier.sent().into_iter().map(|(_, message)| (message.kind, message.facts)).collect()
    }
}

#[tokio::test]
async fn every_group_opens_and_resolves_by_itself() {
    let ticks = vec![
        measured(&[("income", 0.2), ("age", 0.0)]),
        measured(&[("income", 0.2), ("age", 0.3)]),
        measured(&[("income", 0.0), ("age", 0.3)]),
    ];
    let stage = Stage::new(vec![above(0.05, &[])], &["column"], ticks).await;
    stage.tick(1).await;
    let groups = |incidents: Vec<IncidentRecord>| incidents.into_iter().map(|one| one.group).collect::<BTreeSet<_>>();
    assert_eq!(groups(stage.open().await), BTreeSet::from([column("income")]));
    stage.tick(2).await;
    assert_eq!(groups(stage.open().await), BTreeSet::from([column("income"), column("age")]));
    stage.tick(3).await;
    assert_eq!(groups(stage.open().await), BTreeSet::from([column("age")]));
    let kinds: Vec<MessageKind> = stage.told().iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [MessageKind::Handoff, MessageKind::Handoff, MessageKind::Resolved]);
    for (_, facts) in stage.told() {
        assert_eq!(facts.series.len(), 1, "an incident tells of its own group only: {:?}", facts.series);
    }
    assert_eq!(stage.store.handoffs().await.expect("the handoffs are read").len(), 2);
}

#[tokio::test]
async fn without_groups_one_incident_lists_its_series() {
    let ticks = vec![measured(&[("income", 0.2), ("age", 0.3)]), measured(&[("income", 0.0), ("age", 0.3)])];
    let stage = Stage::new(vec![above(0.05, &[])], &[], ticks).await;
    stage.tick(1).await;
    stage.tick(2).await;
    assert_eq!(stage.open().await.len(), 1, "it goes on while one of its series is in breach");
    assert_eq!(stage.told().len(), 1);
}

#[tokio::test]
async fn critical_columns_have_their_own_limit_and_the_others_the_general_one() {
    let ticks = vec![measured(&[("income", 0.2), ("note", 0.2), ("fax", 0.95)])];
    let stage = Stage::new(vec![above(0.05, &["income", "age"]), above(0.9, &[])], &["column"], ticks).await;
    stage.tick(1).await;
    let open: BTreeSet<Labels> = stage.open().await.into_iter().map(|incident| incident.group).collect();
    assert_eq!(open, BTreeSet::from([column("income"), column("fax")]));
}

#[tokio::test]
async fn a_limit_for_critical_columns_only_judges_no_others() {
    let ticks = vec![measured(&[("income", 0.01), ("note", 1.0)])];
    let stage = Stage::new(vec![above(0.05, &["income"])], &[], ticks).await;
    stage.tick(1).await;
    assert!(stage.open().await.is_empty());
    assert!(stage.told().is_empty());
}

#[tokio::test]
async fn the_worst_is_told_first_and_the_list_is_bounded() {
    let names: Vec<String> = (0..60).map(|index| format!("c{index:02}")).collect();
    let rates = |scale: f64| {
        let rates: Vec<(&str, f64)> =
            names.iter().zip(1..).map(|(name, rank)| (name.as_str(), scale * f64::from(rank))).collect();
        measured(&rates)
    };
    let stage = Stage::new(vec![above(0.005, &[])], &[], vec![rates(0.0), rates(0.01)]).await;
    stage.tick(1).await;
    stage.tick(2).await;
    let (kind, facts) = stage.told().remove(0);
    assert_eq!(kind, MessageKind::Handoff);
    assert_eq!((facts.series.len(), facts.more_series), (50, 10));
    assert_eq!(facts.series[0].subject.series().expect("it was measured").labels, column("c59"));
    let excess = facts.series[0].excess.expect("it is past its limit");
    assert!((excess.by - 0.595).abs() < 1e-12 && (excess.share.expect("a share") - 119.0).abs() < 1e-9);
    assert!(facts.series.windows(2).all(|pair| pair[0].value > pair[1].value), "the farthest past the limit first");
    let trend = facts.trend.expect("two ticks make a trend");
    assert_eq!(Some(&trend.series), facts.series[0].subject.series());
    assert_eq!(trend.points.iter().map(|point| point.value).collect::<Vec<_>>(), [Some(0.0), Some(0.6)]);
}
