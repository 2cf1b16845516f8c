//! A reload beside a slow check, and what a changed configuration leaves behind.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinHandle, time::timeout};
use watchkeeper_engine::{EngineError, Tick};
use watchkeeper_model::GateState;
use watchkeeper_store::IncidentFilter;

use crate::stage::{Said, Stage, auc, by_column, column, day, name, null_rates, restart, sample};

/// The tick of day 1 under an engine of the older configuration; its check goes on until it is released.
async fn slow_tick(stage: &Stage) -> (JoinHandle<Result<bool, EngineError>>, Arc<Notify>) {
    let release = Arc::new(Notify::new());
    *stage.checks.held.lock().unwrap() = Some((day(1), release.clone()));
    let (before, clock) = (stage.engine(sample(restart())), stage.clock.clone());
    let slow = tokio::spawn(async move {
        let tick = Tick { at: day(1), monitor: name("loan-auc") };
        before.simulate_tick(&clock, &tick).await
    });
    timeout(Duration::from_secs(20), stage.checks.begun.notified()).await.expect("the old engine checks");
    (slow, release)
}

#[tokio::test]
async fn a_late_ok_of_an_older_tick_does_not_resolve_what_a_newer_one_opened_and_nothing_is_done_twice() {
    let checks = Said::default().at(day(1), auc(0.9)).at(day(2), auc(0.5)).at(day(3), auc(0.5));
    let stage = Stage::new(checks).await;
    let (slow, release) = slow_tick(&stage).await;

    let after = stage.engine(sample(restart()));
    stage.tick(&after, day(2)).await;
    release.notify_one();
    slow.await.unwrap().expect("the old engine's tick is recorded");
    stage.tick(&after, day(3)).await;

    assert_eq!(stage.actions.count(), 1, "one breach, one first step");
    let incidents = stage.store.incidents(&IncidentFilter::default()).await.unwrap();
    assert_eq!(incidents.len(), 1);
    assert_eq!((incidents[0].state, incidents[0].opened_at), ("open", day(2)));
}

#[tokio::test]
async fn a_tick_that_an_older_engine_has_in_hand_is_not_taken_up_by_the_newer_one() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let (slow, release) = slow_tick(&stage).await;
    let after = stage.engine(sample(restart()));
    let tick = Tick { at: day(1), monitor: name("loan-auc") };
    assert!(!after.simulate_tick(&stage.clock, &tick).await.unwrap(), "it is in somebody's hand");
    release.notify_one();
    assert!(slow.await.unwrap().unwrap());
    assert_eq!(stage.actions.count(), 1);
}

#[tokio::test]
async fn an_incident_of_a_group_that_the_configuration_does_not_form_any_more_resolves() {
    let checks = Said::default().at(day(1), null_rates(&[("income", 0.2)])).at(day(2), null_rates(&[("income", 0.0)]));
    let stage = Stage::new(checks).await;
    stage.tick(&stage.engine(by_column(restart())), day(1)).await;
    let mut ungrouped = by_column(restart());
    ungrouped.monitors.get_mut(&name("loan-auc")).unwrap().alert.group_by.clear();
    stage.tick(&stage.engine(ungrouped), day(2)).await;
    let incidents = stage.store.incidents(&IncidentFilter::default()).await.unwrap();
    assert_eq!((incidents.len(), incidents[0].state, &incidents[0].group), (1, "resolved", &column("income")));
}

#[tokio::test]
async fn an_incident_of_a_label_value_that_no_threshold_names_any_more_resolves() {
    let checks = Said::default().at(day(1), null_rates(&[("income", 0.2)])).at(day(2), null_rates(&[("income", 0.2)]));
    let stage = Stage::new(checks).await;
    stage.tick(&stage.engine(by_column(restart())), day(1)).await;
    let mut narrowed = by_column(restart());
    let watched = narrowed.monitors.get_mut(&name("loan-auc")).unwrap();
    watched.thresholds[0].labels = [("column".to_owned(), ["age".to_owned()].into())].into();
    stage.tick(&stage.engine(narrowed), day(2)).await;
    let incidents = stage.store.incidents(&IncidentFilter::default()).await.unwrap();
    let state = |group: &str| incidents.iter().find(|one| one.group == column(group)).map(|one| one.state);
    assert_eq!(state("income"), Some("resolved"));
    assert_eq!(stage.store.gate(&name("loan-decisions")).await.unwrap().state, GateState::Open);
}
