//! Many at once: what waits together is committed together, and each is answered for itself.

use std::sync::Arc;

use sqlx::Connection as _;
use tokio::task::JoinSet;
use watchkeeper_engine::ports::store::{CheckRecord, Claim, Recorded, Store as _, StoreError};
use watchkeeper_model::{GroupState, Labels};
use watchkeeper_store::SqlStore;

use crate::fixture::{at, incident, name, opening};

/// A check that nothing follows from.
fn quiet(second: i64) -> CheckRecord {
    let record = opening(&incident("aa11", "nulls"), at(second));
    CheckRecord {
        states: vec![(Labels::new(), GroupState::default())],
        incidents: Vec::new(),
        steps: Vec::new(),
        messages: Vec::new(),
        ledger: Vec::new(),
        ..record
    }
}

/// A store, with so many ticks claimed at once.
async fn claimed(monitors: usize) -> (tempfile::TempDir, Arc<SqlStore>, Vec<Claim>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqlStore::open(folder.path()).await.unwrap());
    let mut claiming = JoinSet::new();
    for number in 0..monitors {
        let store = Arc::clone(&store);
        claiming.spawn(async move { store.claim(&name(&format!("m{number}")), at(0), at(1)).await });
    }
    let mut claims = Vec::new();
    while let Some(claim) = claiming.join_next().await {
        claims.push(claim.unwrap().unwrap().unwrap());
    }
    (folder, store, claims)
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_ticks_of_one_minute_are_claimed_and_recorded_and_none_fails() {
    let (_folder, store, claims) = claimed(20_000).await;
    let mut recording = JoinSet::new();
    for claim in claims {
        let store = Arc::clone(&store);
        recording.spawn(async move { store.record_check(&claim, &quiet(2)).await });
    }
    while let Some(recorded) = recording.join_next().await {
        assert_eq!(recorded.unwrap().unwrap(), Recorded::Whole);
    }
    assert!(store.unfinished_ticks(None).await.unwrap().is_empty());
    for monitor in ["m0", "m19999"] {
        let groups = store.groups(&name(monitor)).await.unwrap();
        assert_eq!((groups.newest, groups.states.len()), (Some(at(0)), 1));
        assert_eq!(store.high_water(&name(monitor)).await.unwrap(), Some(at(0)));
        assert_eq!(store.claim(&name(monitor), at(0), at(3)).await.unwrap(), None, "it was claimed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_want_one_tick_one_has_it() {
    let store = Arc::new(crate::common::store().await);
    let mut claiming = JoinSet::new();
    for _ in 0..50 {
        let store = Arc::clone(&store);
        claiming.spawn(async move { store.claim(&name("nulls"), at(60), at(61)).await.unwrap() });
    }
    let claims: Vec<Option<Claim>> = claiming.join_all().await;
    assert_eq!(claims.into_iter().flatten().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_those_that_are_recorded_together_has_its_own_answer() {
    let (_folder, store, mut claims) = claimed(200).await;
    claims.sort_by_key(|claim| claim.monitor.clone());
    // One was taken over, one was decided on what is not so any more, and one is recorded a second time.
    let [taken, moved, twice] = [&claims[0], &claims[1], &claims[2]].map(Clone::clone);
    store.take_tick(&taken.monitor, at(0), at(1)).await.unwrap().unwrap();
    assert_eq!(store.record_check(&twice, &quiet(2)).await.unwrap(), Recorded::Whole);
    let mut recording = JoinSet::new();
    for claim in claims {
        let (store, moved) = (Arc::clone(&store), claim == moved);
        let newest = moved.then(|| at(-60));
        let record = CheckRecord { newest, ..quiet(3) };
        recording.spawn(async move {
            let recorded = store.record_check(&claim, &record).await;
            (claim, recorded)
        });
    }
    for (claim, recorded) in recording.join_all().await {
        match recorded {
            Err(StoreError::Fenced) => assert_eq!(claim, taken),
            Ok(Recorded::Moved) => assert_eq!(claim, moved),
            recorded => assert_eq!(recorded.unwrap(), Recorded::Whole),
        }
    }
    let unfinished = store.unfinished_ticks(None).await.unwrap();
    assert_eq!(unfinished.into_keys().collect::<Vec<_>>(), [taken.monitor, moved.monitor]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_written_is_no_matter_of_the_others() {
    let (folder, store, claims) = claimed(20).await;
    let file = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("watchkeeper.db"));
    let mut by_hand = sqlx::SqliteConnection::connect_with(&file).await.unwrap();
    let refusing = "CREATE TRIGGER refuse BEFORE UPDATE ON occurrence WHEN NEW.monitor = 'm7'
                    BEGIN SELECT RAISE(ABORT, 'not this one'); END";
    sqlx::query(refusing).execute(&mut by_hand).await.unwrap();
    let mut recording = JoinSet::new();
    for claim in claims {
        let store = Arc::clone(&store);
        recording.spawn(async move { (claim.monitor.clone(), store.record_check(&claim, &quiet(2)).await) });
    }
    for (monitor, recorded) in recording.join_all().await {
        assert_eq!(recorded.is_err(), monitor == name("m7"), "{monitor}: {recorded:?}");
    }
}
