//! Several groups in one tick, and series that are missing or bear odd names.

use std::time::Duration;

use tokio::time::timeout;
use watchkeeper_engine::ports::{checker::CheckOutcome, store::Store as _};
use watchkeeper_model::{MessageKind, Verdict};
use watchkeeper_store::IncidentFilter;

use crate::stage::{Meeting, Said, Stage, by_column, day, measurement, name, null_rates, restart, sample};

#[tokio::test]
async fn the_first_steps_of_one_tick_run_side_by_side() {
    let checks = Said::default().at(day(1), null_rates(&[("a", 0.2), ("b", 0.2), ("c", 0.2)]));
    let mut stage = Stage::new(checks).await;
    // None of the three ends before all have begun.
    stage.actions = Meeting::of(3);
    let engine = stage.engine(by_column(restart()));
    timeout(Duration::from_secs(20), stage.tick(&engine, day(1))).await.expect("nobody waits for another group");
    assert_eq!(stage.actions.count(), 3);
    assert_eq!(stage.store.handoffs().await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_owner_hears_of_every_group_whose_step_has_not_ended_in_time() {
    let checks = Said::default().at(day(1), null_rates(&[("a", 0.2), ("b", 0.2)]));
    let mut stage = Stage::new(checks).await;
    // Nobody ever comes: both steps hang.
    stage.actions = Meeting::of(100);
    let engine = stage.engine(by_column(restart()));
    let (hung, at) = (engine.clone(), day(1));
    let clock = stage.clock.clone();
    let ticking = tokio::spawn(async move {
        let tick = watchkeeper_engine::Tick { at, monitor: name("loan-auc") };
        hung.simulate_tick(&clock, &tick).await
    });
    let overdue = async {
        while stage.actions.count() < 2 {
            tokio::task::yield_now().await;
        }
        stage.store.due(day(1) + Duration::from_secs(60), 10, &Default::default()).await.unwrap()
    };
    let overdue = timeout(Duration::from_secs(20), overdue).await.expect("both have begun");
    let kinds: Vec<MessageKind> = overdue.iter().map(|item| item.message.kind).collect();
    assert_eq!(kinds, [MessageKind::Overdue, MessageKind::Overdue]);
    ticking.abort();
}

#[tokio::test]
async fn a_plugin_that_measures_a_metric_called_error_does_not_make_its_incident_flap() {
    let ticks = (1..=4).fold(Said::default(), |said, at| {
        said.at(day(at), CheckOutcome::Measured(vec![measurement("error", &[], 0.2)]))
    });
    let stage = Stage::new(ticks).await;
    let mut workspace = by_column(restart());
    let watched = workspace.monitors.get_mut(&name("loan-auc")).unwrap();
    watched.thresholds[0].metric = "error".to_owned();
    watched.alert.group_by.clear();
    let engine = stage.engine(workspace);
    for at in 1..=4 {
        stage.tick(&engine, day(at)).await;
    }
    assert_eq!(stage.actions.count(), 1, "one breach, one first step");
    assert_eq!(stage.store.incidents(&IncidentFilter::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_threshold_that_names_a_column_which_is_gone_is_not_ok() {
    let stage = Stage::new(Said::default().at(day(1), null_rates(&[("income", 0.0)]))).await;
    let mut workspace = by_column(restart());
    let watched = workspace.monitors.get_mut(&name("loan-auc")).unwrap();
    watched.thresholds[0].labels = [("column".to_owned(), ["income".to_owned(), "incme".to_owned()].into())].into();
    let evaluation = stage.engine(workspace).evaluate("loan-auc", day(1)).await.unwrap();
    assert_eq!(evaluation.verdict, Verdict::NoData);
    let reason = evaluation.error.expect("a reason");
    assert!(reason.starts_with("null_rate{column=\"incme\"}: the check did not measure it"), "{reason}");
}

#[tokio::test]
async fn acknowledging_while_the_first_step_runs_stops_reminders_and_escalation() {
    let stage = Stage::new(Said::default().at(day(1), crate::stage::auc(0.5))).await;
    let mut workspace = sample(restart());
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().alert.repeat = Some(Duration::from_secs(5));
    let runbook = workspace.runbooks.get_mut(&name("model-degradation")).unwrap();
    let (after, to) = (Duration::from_secs(4), vec![name("ml-team")]);
    runbook.escalation = vec![watchkeeper_model::Escalation { after, to }];
    let mut stage = stage;
    stage.actions = Meeting::of(2);
    let engine = stage.engine(workspace);
    let (actions, store) = (stage.actions.clone(), stage.store.clone());
    let person = tokio::spawn(async move {
        while actions.count() == 0 {
            tokio::task::yield_now().await;
        }
        let incident = store.incidents(&IncidentFilter::default()).await.unwrap().remove(0);
        store.acknowledge(&incident.id, "on-call", day(1)).await.unwrap();
        // The step ends now.
        actions.barrier.wait().await;
    });
    stage.tick(&engine, day(1)).await;
    person.await.unwrap();
    engine.simulate_until(&stage.clock, day(2)).await.unwrap();
    let kinds: Vec<MessageKind> = stage.notifier.sent().iter().map(|(_, message)| message.kind).collect();
    assert_eq!(kinds, [MessageKind::Handoff]);
}
