//! Deliveries, retries, reminders.

use watchkeeper_engine::ports::store::{Delivered, Store as _};
use watchkeeper_model::Outcome;

use crate::fixture::{at, hand_off, incident};

#[tokio::test]
async fn a_retry_waits_and_the_handoff_shows_every_try() {
    let store = crate::common::store().await;
    hand_off(&store, &incident("aa11", "nulls"), Outcome::Done, 0).await;
    let item = store.due(at(2), 10, &Default::default()).await.unwrap().remove(0);
    store.delivered(&item, &Delivered::Again { reason: "busy".to_owned(), at: at(12) }, &[], at(3)).await.unwrap();
    assert!(store.due(at(11), 10, &Default::default()).await.unwrap().is_empty());
    let item = store.due(at(12), 10, &Default::default()).await.unwrap().remove(0);
    assert_eq!(item.attempts, 1);
    store.delivered(&item, &Delivered::GivenUp("no such channel".to_owned()), &[], at(13)).await.unwrap();
    let handoff = store.handoffs().await.unwrap().remove(0);
    let told: Vec<_> = handoff.notifications.iter().map(|told| (told.outcome.as_str(), told.at)).collect();
    assert_eq!(told, [("retry: busy", at(3)), ("failed: no such channel", at(13))]);
    let ledger = store.ledger(1, 100).await.unwrap();
    assert_eq!(ledger.last().unwrap().kind, "notification.failed");
    assert_eq!(ledger.iter().filter(|row| row.kind.starts_with("notification")).count(), 1);
}

#[tokio::test]
async fn a_reminder_repeats_under_a_new_id_until_somebody_acknowledges() {
    let store = crate::common::store().await;
    hand_off(&store, &incident("aa11", "nulls"), Outcome::Done, 0).await;
    store.due(at(2), 10, &Default::default()).await.unwrap();
    let mut ids = Vec::new();
    for second in [602, 1202, 1802] {
        let item = store.due(at(second), 10, &Default::default()).await.unwrap().remove(0);
        assert_eq!(item.attempts, 0);
        ids.push(item.message.id.clone());
        store.delivered(&item, &Delivered::Sent(None), &[], at(second)).await.unwrap();
    }
    assert_eq!(ids, ["aa11.Reminder", "aa11.Reminder.1", "aa11.Reminder.2"]);
    store.acknowledge("aa11", "ana", at(1900)).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), None);
}

#[tokio::test]
async fn a_message_carries_the_head_after_the_rows_of_its_transaction() {
    let store = crate::common::store().await;
    hand_off(&store, &incident("aa11", "nulls"), Outcome::Done, 0).await;
    let head = store.ledger_head().await.unwrap();
    assert_eq!(store.due(at(2), 10, &Default::default()).await.unwrap()[0].message.ledger_head, head);
    assert_eq!(store.handoffs().await.unwrap()[0].ledger_head, head);
    assert_eq!(store.verify_ledger(Some(&head)).await.unwrap().head, head);
}

#[tokio::test]
async fn what_has_not_arrived_is_listed_until_it_does_or_nobody_needs_it() {
    let store = crate::common::store().await;
    hand_off(&store, &incident("aa11", "nulls"), Outcome::Done, 0).await;
    assert!(store.undelivered(at(0)).await.unwrap().is_empty(), "what was never tried is not late");
    let item = store.due(at(2), 10, &Default::default()).await.unwrap().remove(0);
    store.delivered(&item, &Delivered::Again { reason: "busy".to_owned(), at: at(12) }, &[], at(3)).await.unwrap();
    let listed = store.undelivered(at(100)).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].outcome.as_deref(), listed[0].attempts), (Some("retry: busy"), 1));
    assert_eq!((listed[0].tried_at, listed[0].next_at), (Some(at(3)), Some(at(12))));
    let item = store.due(at(12), 10, &Default::default()).await.unwrap().remove(0);
    store.delivered(&item, &Delivered::GivenUp("no such channel".to_owned()), &[], at(13)).await.unwrap();
    let given_up = store.undelivered(at(100)).await.unwrap();
    assert_eq!((given_up[0].outcome.as_deref(), given_up[0].next_at), (Some("failed: no such channel"), None));
    store.resolve("aa11", "ana", at(14)).await.unwrap();
    assert!(store.undelivered(at(100)).await.unwrap().is_empty(), "old, and its incident is over");
    assert_eq!(store.undelivered(at(12)).await.unwrap().len(), 1, "it was given up lately");
}
