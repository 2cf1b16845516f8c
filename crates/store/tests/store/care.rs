//! A backup is a store that is gone on with; damage is told; what is too old is forgotten, and nothing else.

use std::time::Duration;

use serde_json::json;
use tempfile::tempdir;
use watchkeeper_engine::ports::store::{Begun, Delivered, Store as _};
use watchkeeper_model::{GateState, Keep, Outcome, Quiet, Time};
use watchkeeper_store::{BackupError, SqlStore};

use crate::fixture::{at, begin, guard, hand_off, incident, name, open_incident, record};

#[tokio::test]
async fn a_backup_made_while_others_write_is_a_store_that_is_gone_on_with() {
    let (state, backups) = (tempdir().unwrap(), tempdir().unwrap());
    let store = match watchkeeper_testkit::again_on_postgres() {
        Some(url) => SqlStore::connect(&url).await.unwrap(),
        None => SqlStore::open(state.path()).await.unwrap(),
    };
    let step = hand_off(&store, &incident("aa11", "nulls"), Outcome::Done, 1).await;
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for second in 10..200 {
            let state = if second % 2 == 0 { GateState::Paused } else { GateState::Open };
            writer.set_gate(&name("cards"), state, "ana", "because", at(second)).await.unwrap();
        }
    });
    let folder = backups.path().join("state");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("watchkeeper.db");
    store.back_up(&file).await.unwrap();
    writing.await.unwrap();
    assert!(matches!(store.back_up(&file).await, Err(BackupError::Exists { .. })));
    let restored = SqlStore::open(&folder).await.unwrap();
    assert_eq!(restored.check().await.unwrap(), [""; 0]);
    let head = restored.ledger_head().await.unwrap();
    store.verify_ledger(Some(&head)).await.unwrap();
    assert_eq!(restored.handoffs().await.unwrap()[0].incident, step.incident);
    let next = open_incident(&restored, &incident("bb22", "latency"), 300).await;
    let begun = restored.begin_step(&next, &begin(guard(), at(301))).await.unwrap();
    assert!(matches!(begun, Begun::Go { .. }), "{begun:?}");
}

#[tokio::test]
async fn what_is_damaged_is_told() {
    let folder = tempdir().unwrap();
    let store = SqlStore::open(folder.path()).await.unwrap();
    hand_off(&store, &incident("aa11", "nulls"), Outcome::Done, 1).await;
    assert_eq!(store.check().await.unwrap(), [""; 0]);
    let by_hand = rusqlite::Connection::open(folder.path().join("watchkeeper.db")).unwrap();
    let damage = "PRAGMA foreign_keys = OFF; DROP TRIGGER ledger_is_never_changed; DELETE FROM incident;
                  UPDATE ledger SET subject = 'zz' WHERE seq = 2; UPDATE step SET facts = '{' WHERE 1";
    by_hand.execute_batch(damage).unwrap();
    let wrong = store.check().await.unwrap();
    assert!(wrong.iter().any(|told| told == "a row of step refers to one that is not there"), "{wrong:?}");
    assert!(wrong.iter().any(|told| told == "the ledger: row 2 was changed after it was written"), "{wrong:?}");
}

fn day(day: i64) -> Time {
    at(day * 86_400)
}

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

#[tokio::test]
async fn old_evaluations_keep_what_a_chart_shows_and_older_ones_go() {
    let store = crate::common::store().await;
    let nulls = name("nulls");
    for tick in 0..30 {
        let claim = store.claim(&nulls, day(tick), day(tick)).await.unwrap().unwrap();
        let evaluation = json!({ "monitor": "nulls", "at": day(tick), "verdict": "warn",
            "window": { "start": day(tick - 1), "end": day(tick), "rows": 56 },
            "series": [{ "metric": "null_rate", "labels": { "column": "income" }, "value": 0.25, "baseline": 0.125,
                         "verdict": "ok", "detail": "14 of 56 rows" }],
            "error": null, "digests": { "plugin": "p", "config": "c" }, "elapsed_ms": 7, "log": ["long ago"] });
        let quiet = crate::evaluations::quiet(day(tick));
        let quiet = watchkeeper_engine::ports::store::CheckRecord { evaluation, ..quiet };
        record(&store, &claim, quiet).await;
    }
    let keep = Keep { evaluations: days(10), points: days(20), deliveries: days(400) };
    let pruned = store.prune(keep, day(29)).await.unwrap();
    assert_eq!((pruned.ticks, pruned.thinned), (9, 10));
    let left = store.ticks(&nulls, day(0), day(29), 100).await.unwrap();
    assert_eq!(left.recorded, 21);
    let values: Vec<_> = left.shown.iter().map(|tick| (tick.series[0].value, tick.series[0].baseline)).collect();
    assert_eq!(values, [(Some(0.25), Some(0.125)); 21], "a chart shows what it showed");
    let old = store.evaluation(&nulls, day(10)).await.unwrap().unwrap();
    assert_eq!(
        (&old["log"], &old["series"][0]["detail"], &old["window"]["rows"]),
        (&json!([]), &json!(null), &json!(null))
    );
    assert_eq!(old["series"][0]["verdict"], "ok");
    let young = store.evaluation(&nulls, day(20)).await.unwrap().unwrap();
    assert_eq!((&young["log"][0], &young["window"]["rows"]), (&json!("long ago"), &json!(56)));
    assert_eq!(store.prune(keep, day(29)).await.unwrap(), watchkeeper_store::Pruned::default(), "once");
    assert_eq!(store.claim(&nulls, day(3), day(29)).await.unwrap(), None, "what is forgotten is not run again");
    let ever = Keep { evaluations: Duration::MAX, points: Duration::MAX, deliveries: Duration::MAX };
    assert_eq!(store.prune(ever, day(29)).await.unwrap(), watchkeeper_store::Pruned::default(), "for ever");
}

#[tokio::test]
async fn deliveries_of_incidents_that_are_over_go_and_the_ledger_stays() {
    let store = crate::common::store().await;
    for (id, monitor) in [("aa11", "nulls"), ("bb22", "latency")] {
        hand_off(&store, &incident(id, monitor), Outcome::Done, 1).await;
    }
    for item in store.due(at(5), 10, &Quiet::default()).await.unwrap() {
        store.delivered(&item, &Delivered::Sent(None), &[], at(6)).await.unwrap();
    }
    store.resolve("aa11", "ana", at(7)).await.unwrap();
    let before = store.verify_ledger(None).await.unwrap();
    let keep = Keep { deliveries: days(1), ..Keep::default() };
    let pruned = store.prune(keep, day(3)).await.unwrap();
    assert!(pruned.deliveries > 0, "{pruned:?}");
    let told = async |id| store.incident(id).await.unwrap().deliveries.len();
    assert_eq!((told("aa11").await, told("bb22").await), (0, 1), "an open incident keeps who was told of it");
    assert_eq!(store.verify_ledger(None).await.unwrap(), before);
}
