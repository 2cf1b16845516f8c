//! Nobody but the present owner writes; a refused write leaves nothing.

use watchkeeper_engine::ports::store::{Ending, Recorded, Store as _, StoreError};
use watchkeeper_model::{GateState, MessageKind, Outcome, StepStatus};

use crate::fixture::{at, begin, end, go, guard, hand_off, incident, message, name, open_incident, opening, taken};

#[tokio::test]
async fn a_tick_is_recorded_once_and_none_before_it() {
    let store = crate::common::store().await;
    let monitor = name("nulls");
    assert_eq!(store.high_water(&monitor).await.unwrap(), None);
    assert_eq!(store.claim(&monitor, at(60), at(61)).await.unwrap().unwrap().epoch, 1);
    assert_eq!(store.claim(&monitor, at(60), at(62)).await.unwrap(), None);
    assert_eq!(store.claim(&monitor, at(0), at(62)).await.unwrap(), None);
    store.skip_to(&monitor, at(180)).await.unwrap();
    store.skip_to(&monitor, at(120)).await.unwrap();
    assert_eq!(store.high_water(&monitor).await.unwrap(), Some(at(180)));
    assert!(store.claim(&name("other"), at(0), at(62)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_check_of_an_old_epoch_writes_nothing() {
    let store = crate::common::store().await;
    let incident = incident("aa11", "nulls");
    let old = store.claim(&incident.monitor, at(0), at(0)).await.unwrap().unwrap();
    let new = store.take_tick(&incident.monitor, at(0), at(5)).await.unwrap().unwrap();
    assert_eq!((new.epoch, new.scheduled_at), (2, at(0)));
    let refused = store.record_check(&old, &opening(&incident, at(6))).await;
    assert!(matches!(refused, Err(StoreError::Fenced)), "{refused:?}");
    assert!(store.groups(&incident.monitor).await.unwrap().open.is_empty());
    assert!(store.ledger(1, 10).await.unwrap().is_empty());
    store.record_check(&new, &opening(&incident, at(6))).await.unwrap();
    let groups = store.groups(&incident.monitor).await.unwrap();
    assert_eq!(groups.open[&incident.group], incident);
    assert_eq!(store.take_tick(&incident.monitor, at(0), at(7)).await.unwrap(), None);
    assert!(store.unfinished_ticks(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_read_back_and_not_written_again() {
    let store = crate::common::store().await;
    let incident = incident("aa11", "nulls");
    let claim = store.claim(&incident.monitor, at(0), at(0)).await.unwrap().unwrap();
    assert_eq!(store.record_check(&claim, &opening(&incident, at(1))).await.unwrap(), Recorded::Whole);
    let rows = store.ledger(1, 100).await.unwrap();
    assert_eq!(store.record_check(&claim, &opening(&incident, at(2))).await.unwrap(), Recorded::Whole);
    assert_eq!(store.ledger(1, 100).await.unwrap(), rows);
    assert_eq!(
        store.due(at(999), 10, &Default::default()).await.unwrap().len(),
        1,
        "one message that the step is overdue"
    );
}

#[tokio::test]
async fn a_record_is_written_only_on_the_state_it_was_decided_on() {
    let store = crate::common::store().await;
    let (first, second) = (incident("aa11", "nulls"), incident("bb22", "nulls"));
    let older = store.claim(&first.monitor, at(0), at(0)).await.unwrap().unwrap();
    let newer = store.claim(&first.monitor, at(60), at(60)).await.unwrap().unwrap();
    // Both were decided when nothing was recorded yet.
    assert_eq!(store.record_check(&newer, &opening(&second, at(61))).await.unwrap(), Recorded::Whole);
    assert_eq!(store.record_check(&older, &opening(&first, at(62))).await.unwrap(), Recorded::Moved);
    let groups = store.groups(&first.monitor).await.unwrap();
    assert_eq!((groups.newest, groups.open[&first.group].id.as_str()), (Some(at(60)), "bb22"));
    assert_eq!(store.unfinished_ticks(None).await.unwrap()[&first.monitor], [at(0)], "it is decided anew");
}

#[tokio::test]
async fn a_group_never_has_two_open_incidents() {
    let store = crate::common::store().await;
    open_incident(&store, &incident("aa11", "nulls"), 0).await;
    let claim = store.claim(&name("nulls"), at(60), at(60)).await.unwrap().unwrap();
    let mut record = opening(&incident("bb22", "nulls"), at(60));
    record.newest = Some(at(0));
    let refused = store.record_check(&claim, &record).await;
    assert!(matches!(refused, Err(StoreError::Inconsistent { .. })), "{refused:?}");
    assert_eq!(store.groups(&name("nulls")).await.unwrap().open.len(), 1);
}

#[tokio::test]
async fn a_gate_is_never_half_set() {
    let store = crate::common::store().await;
    let incident = incident("aa11", "nulls");
    let step = open_incident(&store, &incident, 0).await;
    assert_eq!(store.begin_step(&step, &begin(guard(), at(1))).await.unwrap(), go());
    // A message about an incident that does not exist fails at the very end of the transaction.
    let mut broken = end(&step, Outcome::Done, at(2));
    let mut stray = message(&step, MessageKind::Handoff, at(2));
    stray.incident = Some("nobody".to_owned());
    broken.messages.push(stray);
    let rows = store.ledger(1, 100).await.unwrap();
    let refused = store.end_step(&step, &broken).await;
    assert!(matches!(refused, Err(StoreError::Inconsistent { .. })), "{refused:?}");
    assert_eq!(store.gate(&name("loans")).await.unwrap().state, GateState::Open);
    assert_eq!(store.incident("aa").await.unwrap().steps[0].status, "intent");
    assert_eq!(store.ledger(1, 100).await.unwrap(), rows);
    assert!(store.handoffs().await.unwrap().is_empty());
    store.end_step(&step, &end(&step, Outcome::Done, at(3))).await.unwrap();
    let gate = store.gate(&name("loans")).await.unwrap();
    assert_eq!((gate.state, gate.since), (GateState::Paused, Some(at(3))));
    assert_eq!(store.incident("aa").await.unwrap().steps[0].status, "done");
}

#[tokio::test]
async fn a_step_of_an_old_epoch_neither_begins_nor_ends() {
    let store = crate::common::store().await;
    let old = open_incident(&store, &incident("aa11", "nulls"), 0).await;
    let new = taken(&store, 1).await;
    assert!(matches!(store.take_step(&old).await, Err(StoreError::Fenced)), "it is somebody else's");
    assert_eq!((new.epoch, new.status), (2, StepStatus::Planned));
    assert!(matches!(store.begin_step(&old, &begin(guard(), at(2))).await, Err(StoreError::Fenced)));
    assert!(matches!(store.end_step(&old, &end(&old, Outcome::Withheld, at(2))).await, Err(StoreError::Fenced)));
    store.begin_step(&new, &begin(guard(), at(2))).await.unwrap();
    let again = store.begin_step(&new, &begin(guard(), at(3))).await.unwrap();
    assert_eq!(again, go(), "its own intent, whose answer was lost, is read back");
    assert_eq!(store.incident("aa11").await.unwrap().steps[0].started_at, Some(at(2)), "and not written again");
    assert!(matches!(store.end_step(&old, &end(&old, Outcome::Done, at(3))).await, Err(StoreError::Fenced)));
    assert_eq!(store.gates().await.unwrap(), []);
    assert!(store.due(at(3), 10, &Default::default()).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_way_to_end_is_read_back_as_written() {
    for outcome in [Outcome::Done, Outcome::Failed, Outcome::Unknown] {
        let store = crate::common::store().await;
        let step = hand_off(&store, &incident("aa11", "nulls"), outcome, 0).await;
        let detail = store.incident("aa11").await.unwrap();
        assert_eq!(detail.steps[0].status, outcome.as_str());
        assert_eq!((detail.steps[0].started_at, detail.steps[0].finished_at), (Some(at(1)), Some(at(2))));
        assert_eq!(store.handoffs().await.unwrap()[0].first_step.outcome, outcome);
        // Its own end, whose answer was lost, is read back; nothing ends it again.
        let rows = store.ledger(1, 100).await.unwrap();
        assert_eq!(store.end_step(&step, &end(&step, Outcome::Done, at(9))).await.unwrap(), Ending::Recorded);
        assert_eq!(store.incident("aa11").await.unwrap().steps[0].status, outcome.as_str());
        assert_eq!(store.ledger(1, 100).await.unwrap(), rows);
    }
    let store = crate::common::store().await;
    let step = open_incident(&store, &incident("aa11", "nulls"), 0).await;
    store.end_step(&step, &end(&step, Outcome::Withheld, at(1))).await.unwrap();
    assert_eq!(store.incident("aa11").await.unwrap().steps[0].status, "withheld");
    assert_eq!(store.gate(&name("loans")).await.unwrap().state, GateState::Open);
}
