//! A daemon that stops in the middle: the next one finds everything that was committed.

use tempfile::tempdir;
use watchkeeper_engine::ports::store::{Delivered, Store as _};
use watchkeeper_model::{MessageKind, Outcome, StepStatus};
use watchkeeper_store::SqlStore;

use crate::fixture::{at, begin, end, guard, hand_off, incident, name, open_incident, taken};

#[tokio::test]
async fn an_unfinished_occurrence_is_taken_over() {
    let folder = tempdir().unwrap();
    let store = SqlStore::open(folder.path()).await.unwrap();
    let old = store.claim(&name("nulls"), at(0), at(0)).await.unwrap().unwrap();
    drop(store);
    let store = SqlStore::open(folder.path()).await.unwrap();
    assert_eq!(store.unfinished_ticks(None).await.unwrap()[&old.monitor], [at(0)]);
    let taken = store.take_tick(&old.monitor, at(0), at(9)).await.unwrap().unwrap();
    assert_eq!((taken.monitor, taken.scheduled_at, taken.epoch), (old.monitor, at(0), 2));
}

#[tokio::test]
async fn a_step_in_intent_is_taken_over_with_its_arguments() {
    let folder = tempdir().unwrap();
    let store = SqlStore::open(folder.path()).await.unwrap();
    let step = open_incident(&store, &incident("aa11", "nulls"), 0).await;
    assert_eq!(store.unfinished_steps(at(0)).await.unwrap()[0].step, step);
    store.begin_step(&step, &begin(guard(), at(1))).await.unwrap();
    drop(store);
    let store = SqlStore::open(folder.path()).await.unwrap();
    let taken = taken(&store, 9).await;
    let (status, epoch, started_at, attempts) = (StepStatus::Intent, 2, Some(at(1)), 1);
    let before = Some(serde_json::json!({ "state": "open" }));
    assert_eq!(
        taken,
        watchkeeper_engine::ports::store::StepRecord { status, epoch, started_at, attempts, before, ..step }
    );
    store.end_step(&taken, &end(&taken, Outcome::Done, at(10))).await.unwrap();
    assert!(store.unfinished_steps(at(11)).await.unwrap().is_empty());
}

#[tokio::test]
async fn messages_that_were_being_sent_are_sent_again() {
    let folder = tempdir().unwrap();
    let store = SqlStore::open(folder.path()).await.unwrap();
    hand_off(&store, &incident("aa11", "nulls"), Outcome::Done, 0).await;
    let first = store.due(at(2), 10, &Default::default()).await.unwrap();
    assert_eq!(first.len(), 1);
    assert!(store.due(at(2), 10, &Default::default()).await.unwrap().is_empty());
    drop(store);
    let store = SqlStore::open(folder.path()).await.unwrap();
    assert_eq!(store.sending().await.unwrap(), [first[0].id]);
    store.send_again(&[first[0].id], at(9)).await.unwrap();
    let again = store.due(at(9), 10, &Default::default()).await.unwrap();
    assert_eq!((again.len(), &again[0].message, again[0].attempts), (1, &first[0].message, 1));
    // The try from before the crash no longer owns the row.
    assert!(store.delivered(&first[0], &Delivered::Sent(None), &[], at(9)).await.is_err());
    store.delivered(&again[0], &Delivered::Sent(None), &[], at(9)).await.unwrap();
}

#[tokio::test]
async fn an_overdue_message_is_cancelled_by_the_end_even_while_it_is_being_sent() {
    let store = crate::common::store().await;
    let step = open_incident(&store, &incident("aa11", "nulls"), 0).await;
    store.begin_step(&step, &begin(guard(), at(1))).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(61)));
    let overdue = store.due(at(61), 10, &Default::default()).await.unwrap();
    assert_eq!(overdue[0].message.kind, MessageKind::Overdue);
    store.end_step(&step, &end(&step, Outcome::Done, at(62))).await.unwrap();
    store
        .delivered(&overdue[0], &Delivered::Again { reason: "busy".to_owned(), at: at(70) }, &[], at(63))
        .await
        .unwrap();
    let kinds: Vec<_> =
        store.due(at(100), 10, &Default::default()).await.unwrap().into_iter().map(|item| item.message.kind).collect();
    assert_eq!(kinds, [MessageKind::Handoff]);
}

#[tokio::test]
async fn a_waiting_overdue_message_goes_with_the_end() {
    let store = crate::common::store().await;
    hand_off(&store, &incident("aa11", "nulls"), Outcome::Done, 0).await;
    let kinds: Vec<_> =
        store.due(at(9999), 10, &Default::default()).await.unwrap().into_iter().map(|item| item.message.kind).collect();
    assert_eq!(kinds, [MessageKind::Handoff, MessageKind::Reminder]);
}
