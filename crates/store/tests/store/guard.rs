//! Budgets, breaker, holds and inhibition are rows: a restart does not reset them.

use std::{collections::BTreeMap, time::Duration};

use tempfile::tempdir;
use watchkeeper_engine::ports::store::{Begun, CheckRecord, StepRecord, Store as _};
use watchkeeper_model::{
    Action, Budget, Busy, CircuitBreaker, ExecAction, Guard, Incident, Inhibitor, Outcome, Step, Withheld,
};
use watchkeeper_store::{HoldScope, SqlStore};

use crate::fixture::{at, begin, end, guard, hand_off, incident, name, open_incident, opening, pause, record};

/// Whether the step of a new incident begins; the incident is over right after.
async fn begun(store: &SqlStore, incident: &Incident, guard: Guard, second: i64) -> Begun {
    let step = open_incident(store, incident, second).await;
    let begun = store.begin_step(&step, &begin(guard, at(second))).await.unwrap();
    store.resolve(&incident.id, "ana", at(second)).await.unwrap();
    begun
}

/// An incident whose first step ended; it is over right after.
async fn ended(store: &SqlStore, incident: &Incident, outcome: Outcome, second: i64) {
    hand_off(store, incident, outcome, second).await;
    store.resolve(&incident.id, "ana", at(second + 2)).await.unwrap();
}

#[tokio::test]
async fn budgets_survive_reopening_and_slide() {
    let folder = tempdir().unwrap();
    let store = SqlStore::open(folder.path()).await.unwrap();
    ended(&store, &incident("aa11", "nulls"), Outcome::Done, 0).await;
    let drill = Incident { drill: true, ..incident("dd11", "drilled") };
    hand_off(&store, &drill, Outcome::Done, 5).await;
    drop(store);
    let store = SqlStore::open(folder.path()).await.unwrap();
    let hour = Some(Budget { max: 1, per: Duration::from_secs(3600) });
    let per_target = Guard { per_target: hour.clone(), ..guard() };
    let refused = begun(&store, &incident("bb22", "nulls"), per_target.clone(), 10).await;
    assert_eq!(refused, Begun::Withheld(Withheld::PerTarget(1)));
    let global = Guard { global: hour, ..guard() };
    let refused = begun(&store, &incident("cc33", "nulls"), global, 20).await;
    assert_eq!(refused, Begun::Withheld(Withheld::Global(1)));
    let later = begun(&store, &incident("dd44", "nulls"), per_target, 3700).await;
    assert!(matches!(later, Begun::Go { .. }), "{later:?}");
}

#[tokio::test]
async fn the_breaker_counts_failures_since_the_last_success() {
    let store = crate::common::store().await;
    let breaker = CircuitBreaker { failures: 2, cooldown: Duration::from_secs(600) };
    let guarded = Guard { circuit_breaker: Some(breaker), ..guard() };
    ended(&store, &incident("a1", "nulls"), Outcome::Failed, 0).await;
    ended(&store, &incident("a2", "nulls"), Outcome::Done, 10).await;
    ended(&store, &incident("a3", "nulls"), Outcome::Failed, 20).await;
    assert!(matches!(begun(&store, &incident("a4", "nulls"), guarded.clone(), 30).await, Begun::Go { .. }));
    ended(&store, &incident("a5", "nulls"), Outcome::Unknown, 40).await;
    let refused = begun(&store, &incident("a6", "nulls"), guarded.clone(), 50).await;
    assert_eq!(refused, Begun::Withheld(Withheld::CircuitOpen(at(642))));
    assert!(matches!(begun(&store, &incident("a7", "nulls"), guarded, 642).await, Begun::Go { .. }));
}

#[tokio::test]
async fn a_hold_stops_its_monitor_and_a_withheld_step_wrote_nothing() {
    let store = crate::common::store().await;
    let scope = HoldScope::Monitor(name("nulls"));
    store.hold(&scope, "ana", "migration", None, at(0)).await.unwrap();
    let refused = begun(&store, &incident("aa11", "nulls"), guard(), 1).await;
    assert_eq!(refused, Begun::Withheld(Withheld::Held("migration".to_owned())));
    assert_eq!(store.unfinished_steps(at(0)).await.unwrap().len(), 1);
    assert!(store.ledger(1, 100).await.unwrap().iter().all(|row| row.kind != "step.intent"));
    assert!(matches!(begun(&store, &incident("bb22", "latency"), guard(), 2).await, Begun::Go { .. }));
    assert!(store.release(&scope, "ana", at(3)).await.unwrap());
    assert!(!store.release(&scope, "ana", at(4)).await.unwrap());
    store.hold(&HoldScope::All, "ana", "all hands", None, at(5)).await.unwrap();
    assert_eq!(store.holds(at(5)).await.unwrap()[0].scope, HoldScope::All);
    let refused = begun(&store, &incident("cc33", "latency"), guard(), 6).await;
    assert_eq!(refused, Begun::Withheld(Withheld::Held("all hands".to_owned())));
}

#[tokio::test]
async fn an_open_incident_inhibits_and_a_resolved_one_is_over() {
    let store = crate::common::store().await;
    open_incident(&store, &incident("aa11", "freshness"), 0).await;
    let step = open_incident(&store, &incident("bb22", "nulls"), 1).await;
    let mut intent = begin(guard(), at(2));
    intent.inhibited_by = vec![name("schema"), name("freshness")];
    let refused = store.begin_step(&step, &intent).await.unwrap();
    assert_eq!(
        refused,
        Begun::Withheld(Withheld::Inhibited(Inhibitor { monitor: name("freshness"), incident: "aa11".to_owned() }))
    );
    store.resolve("bb22", "ana", at(3)).await.unwrap();
    assert_eq!(store.begin_step(&step, &intent).await.unwrap(), Begun::Withheld(Withheld::Over));
}

#[tokio::test]
async fn two_monitors_never_act_on_one_target_at_the_same_time() {
    let store = crate::common::store().await;
    let restart = |id: &str, monitor: &str| {
        let action = Action::Exec(ExecAction {
            command: vec!["/usr/bin/restart".to_owned()],
            env: BTreeMap::new(),
            stdin: None,
            directory: None,
            secrets: BTreeMap::new(),
        });
        let step = pause(&incident(id, monitor));
        StepRecord { step: Step { action, ..step.step.clone() }, ..step }
    };
    let (first, second) = (restart("aa11", "nulls"), restart("bb22", "latency"));
    for (step, monitor) in [(&first, "nulls"), (&second, "latency")] {
        let opening = opening(&incident(&step.incident, monitor), at(0));
        let claim = store.claim(&name(monitor), at(0), at(0)).await.unwrap().unwrap();
        record(&store, &claim, CheckRecord { steps: vec![step.clone()], ..opening }).await;
    }
    assert!(matches!(store.begin_step(&first, &begin(guard(), at(1))).await.unwrap(), Begun::Go { .. }));
    let busy = store.begin_step(&second, &begin(guard(), at(2))).await.unwrap();
    assert_eq!(busy, Begun::Busy(Busy::Target(name("nulls"))));
    store.end_step(&first, &end(&first, Outcome::Done, at(3))).await.unwrap();
    assert!(matches!(store.begin_step(&second, &begin(guard(), at(4))).await.unwrap(), Begun::Go { .. }));
}

#[tokio::test]
async fn the_check_of_an_inhibiting_monitor_is_waited_for() {
    let store = crate::common::store().await;
    let step = open_incident(&store, &incident("bb22", "nulls"), 1).await;
    let claim = store.claim(&name("freshness"), at(0), at(0)).await.unwrap().unwrap();
    let mut intent = begin(guard(), at(2));
    intent.inhibited_by = vec![name("freshness")];
    let busy = store.begin_step(&step, &intent).await.unwrap();
    assert_eq!(busy, Begun::Busy(Busy::Inhibitor(name("freshness"))));
    record(&store, &claim, opening(&incident("aa11", "freshness"), at(3))).await;
    let inhibited = store.begin_step(&step, &intent).await.unwrap();
    assert!(matches!(inhibited, Begun::Withheld(Withheld::Inhibited(_))), "{inhibited:?}");
}
