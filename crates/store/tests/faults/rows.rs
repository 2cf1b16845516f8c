//! Rows that this version cannot read are left aside one by one; nothing else stops for them.

use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use watchkeeper_engine::ports::store::Store as _;
use watchkeeper_store::{IncidentFilter, SqlStore};

use crate::stage::{Said, Stage, auc, by_column, column, day, null_rates, restart, sample};

/// A stage whose store lies in a folder, so that somebody else may write to it.
async fn on_disk(checks: Said) -> (Stage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::new(checks).await;
    stage.store = std::sync::Arc::new(SqlStore::open(folder.path()).await.unwrap());
    (stage, folder)
}

async fn by_hand(folder: &TempDir, statement: &'static str) {
    let file = folder.path().join("watchkeeper.db");
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query(statement).execute(&mut other).await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn an_earlier_tick_that_cannot_be_read_leaves_the_chart_out_and_not_the_first_step() {
    let (stage, folder) = on_disk(Said::default().at(day(1), auc(0.9)).at(day(2), auc(0.5))).await;
    let engine = stage.engine(sample(restart()));
    stage.tick(&engine, day(1)).await;
    by_hand(&folder, "UPDATE occurrence SET evaluation = '{\"at\": \"damaged\"}'").await;
    stage.tick(&engine, day(2)).await;
    assert_eq!(stage.actions.count(), 1);
    assert_eq!(stage.store.handoffs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_stops_no_other_one_and_is_listed() {
    let (stage, folder) = on_disk(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.9))).await;
    let engine = stage.engine(sample(restart()));
    by_hand(
        &folder,
        "INSERT INTO outbox (until_acknowledged, channel, not_before, message, status)
         VALUES (0, 'console', 0, '{\"written\": \"by a newer version\"}', 'waiting')",
    )
    .await;
    stage.tick(&engine, day(1)).await;
    assert_eq!(stage.notifier.sent().len(), 1, "the handoff is sent");
    let unreadable = stage.store.unreadable().await.unwrap();
    assert_eq!(unreadable.len(), 1);
    assert_eq!(unreadable[0].row, "message 1");
    assert_eq!(stage.store.next_due().await.unwrap(), None, "nobody wakes up for it");
}

#[tokio::test]
async fn a_step_that_cannot_be_read_stops_no_other_run_and_is_listed() {
    let (stage, folder) = on_disk(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.5))).await;
    let engine = stage.engine(sample(restart()));
    stage.tick(&engine, day(1)).await;
    by_hand(&folder, "UPDATE step SET status = 'planned', arguments = 'damaged'").await;
    by_hand(&folder, "UPDATE incident SET state = 'resolved', resolved_at = 0").await;
    by_hand(&folder, "DELETE FROM group_state").await;
    stage.tick(&engine, day(2)).await;
    assert_eq!(stage.actions.count(), 2, "the second incident's step runs");
    let unreadable = stage.store.unreadable().await.unwrap();
    assert!(unreadable[0].row.starts_with("step first of run "), "{unreadable:?}");
}

#[tokio::test]
async fn a_group_whose_state_cannot_be_read_is_left_alone_and_the_others_go_on() {
    let checks = Said::default()
        .at(day(1), null_rates(&[("income", 0.2), ("age", 0.0)]))
        .at(day(2), null_rates(&[("income", 0.0), ("age", 0.3)]));
    let (stage, folder) = on_disk(checks).await;
    let engine = stage.engine(by_column(restart()));
    stage.tick(&engine, day(1)).await;
    by_hand(&folder, "UPDATE group_state SET state = 'damaged'").await;
    stage.tick(&engine, day(2)).await;
    let open = IncidentFilter { unresolved: true, ..IncidentFilter::default() };
    let open: Vec<_> = stage.store.incidents(&open).await.unwrap().into_iter().map(|one| one.group).collect();
    assert_eq!(open, [column("age"), column("income")], "income's incident is not touched, age's is opened");
    let unreadable = stage.store.unreadable().await.unwrap();
    assert_eq!(unreadable[0].row, "state of loan-auc {\"column\":\"income\"}");
}

#[tokio::test]
async fn a_withheld_step_that_cannot_be_read_keeps_no_tick_from_being_recorded() {
    let (stage, folder) = on_disk(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.5)).at(day(3), auc(0.9))).await;
    let engine = stage.engine(sample(restart()));
    stage.store.hold(&watchkeeper_store::HoldScope::All, "ana", "a test", None, day(1)).await.unwrap();
    stage.tick(&engine, day(1)).await;
    by_hand(&folder, "UPDATE step SET facts = 'damaged', arguments = 'damaged'").await;
    stage.store.release(&watchkeeper_store::HoldScope::All, "ana", day(2)).await.unwrap();
    stage.tick(&engine, day(2)).await;
    stage.tick(&engine, day(3)).await;
    let all = stage.store.incidents(&IncidentFilter::default()).await.unwrap();
    assert_eq!((all.len(), all[0].state), (1, "resolved"), "it goes on and is over all the same");
}

#[tokio::test]
async fn an_incident_with_a_damaged_step_is_closed_by_people_all_the_same() {
    let (stage, folder) = on_disk(Said::default().at(day(1), auc(0.5))).await;
    let engine = stage.engine(sample(restart()));
    stage.tick(&engine, day(1)).await;
    by_hand(&folder, "UPDATE step SET status = 'waiting', facts = 'damaged', arguments = 'damaged'").await;
    let id = stage.store.incidents(&IncidentFilter::default()).await.unwrap().remove(0).id;
    stage.store.acknowledge(&id, "ana", day(1)).await.unwrap();
    stage.store.resolve(&id, "ana", day(1)).await.unwrap();
}
