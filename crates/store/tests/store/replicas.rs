//! Two replicas on one PostgreSQL: what one has, the other leaves alone until its lease is over; who was fenced off writes
//! nothing; and both extend one chain.

use std::{sync::Arc, time::Duration};

use watchkeeper_engine::{
    SimulatedClock,
    ports::store::{Claim, Delivered, Recorded, Store as _, StoreError},
};
use watchkeeper_model::{GateState, MessageKind, Name, Quiet};
use watchkeeper_store::{OpenError, SqlStore};
use watchkeeper_testkit::Postgres;

use crate::fixture::{at, begin, end, guard, incident, message, name, open_incident, opening};

/// Long enough that none runs out by itself in a test.
const LEASE: Duration = Duration::from_secs(3600);

/// Two replicas that share a database of their own.
async fn two() -> (Postgres, SqlStore, SqlStore) {
    let server = Postgres::start();
    let one = joined(&server, "one", LEASE).await;
    let other = joined(&server, "other", LEASE).await;
    (server, one, other)
}

async fn joined(server: &Postgres, name: &str, lease: Duration) -> SqlStore {
    let store = SqlStore::connect(&server.url()).await.unwrap();
    store.join(name, lease, &SimulatedClock::at(at(0))).await.unwrap();
    store
}

#[tokio::test]
async fn of_two_that_claim_at_once_each_tick_is_ones() {
    let (_server, one, other) = two().await;
    let monitors: Vec<Name> = (0..300).map(|number| name(&format!("m{number}"))).collect();
    let claim = |store: &SqlStore| {
        let claims = monitors.iter().map(|monitor| {
            let (store, monitor) = (store.clone(), monitor.clone());
            tokio::spawn(async move { store.claim(&monitor, at(1), at(1)).await.unwrap() })
        });
        claims.collect::<Vec<_>>()
    };
    let (ours, theirs) = (claim(&one), claim(&other));
    let (mut of_one, mut of_other) = (0, 0);
    for (ours, theirs) in ours.into_iter().zip(theirs) {
        let (ours, theirs) = (ours.await.unwrap().is_some(), theirs.await.unwrap().is_some());
        assert!(ours != theirs, "claimed by one of them");
        of_one += u32::from(ours);
        of_other += u32::from(theirs);
    }
    assert_eq!(of_one + of_other, 300);
}

#[tokio::test]
async fn what_a_replica_has_is_left_alone_until_it_gives_it_back() {
    let (_server, one, other) = two().await;
    let nulls = name("nulls");
    let claim = one.claim(&nulls, at(1), at(1)).await.unwrap().unwrap();
    assert!(other.unfinished_ticks(None).await.unwrap().is_empty(), "it is in another's hands");
    assert_eq!(other.take_tick(&nulls, at(1), at(2)).await.unwrap(), None);
    one.leave().await.unwrap();
    assert_eq!(other.unfinished_ticks(None).await.unwrap()[&nulls], [at(1)]);
    let taken = other.take_tick(&nulls, at(1), at(2)).await.unwrap().unwrap();
    assert_eq!((claim.epoch, taken.epoch), (1, 2));
    let record = opening(&incident("aa11", "nulls"), at(3));
    assert!(matches!(one.record_check(&claim, &record).await, Err(StoreError::Fenced)), "it was taken over");
    assert_eq!(other.record_check(&taken, &record).await.unwrap(), Recorded::Whole);
    assert_eq!(other.incident("aa11").await.unwrap().steps.len(), 1, "written once");
}

#[tokio::test]
async fn a_lease_that_is_not_renewed_runs_out_on_the_servers_clock() {
    let server = Postgres::start();
    let short = joined(&server, "short", Duration::from_millis(200)).await;
    let other = joined(&server, "other", LEASE).await;
    let nulls = name("nulls");
    short.claim(&nulls, at(1), at(1)).await.unwrap().unwrap();
    let asked = tokio::time::Instant::now();
    while other.take_tick(&nulls, at(1), at(2)).await.unwrap().is_none() {
        assert!(asked.elapsed() < Duration::from_secs(20), "its lease is over");
    }
    let replicas = other.replicas().await.unwrap();
    let alive: Vec<_> = replicas.iter().map(|replica| (replica.name.as_str(), replica.alive)).collect();
    assert!(alive.contains(&("short", false)) && alive.contains(&("other", true)), "{alive:?}");
    assert!(!short.lease_lasts(), "it knows by its own clock");
    assert!(other.lease_lasts());
}

#[tokio::test]
async fn a_step_of_a_replica_that_is_gone_is_taken_over_and_the_first_owner_is_fenced() {
    let (_server, one, other) = two().await;
    let step = open_incident(&one, &incident("aa11", "nulls"), 1).await;
    assert!(other.unfinished_steps(at(2)).await.unwrap().is_empty());
    assert!(matches!(other.take_step(&step).await, Err(StoreError::Fenced)), "it is in another's hands");
    let step = one.take_step(&step).await.unwrap();
    one.begin_step(&step, &begin(guard(), at(2))).await.unwrap();
    one.leave().await.unwrap();
    let found = other.unfinished_steps(at(3)).await.unwrap().remove(0);
    let taken = other.take_step(&found.step).await.unwrap();
    let late = one.end_step(&step, &end(&step, watchkeeper_model::Outcome::Done, at(4))).await;
    assert!(matches!(late, Err(StoreError::Fenced)), "{late:?}");
    assert_eq!(other.gate(&name("loans")).await.unwrap().state, GateState::Open, "nothing of it was written");
    other.end_step(&taken, &end(&taken, watchkeeper_model::Outcome::Done, at(5))).await.unwrap();
    assert_eq!(other.gate(&name("loans")).await.unwrap().state, GateState::Paused);
}

#[tokio::test]
async fn a_message_is_sent_by_one_of_them() {
    let (_server, one, other) = two().await;
    let step = crate::fixture::pause(&incident("aa11", "nulls"));
    open_incident(&one, &incident("aa11", "nulls"), 1).await;
    one.add_digest("note", &[message(&step, MessageKind::Handoff, at(2))]).await.unwrap();
    let item = one.due(at(3), 10, &Quiet::default()).await.unwrap().remove(0);
    assert!(other.due(at(3), 10, &Quiet::default()).await.unwrap().is_empty());
    assert!(other.sending().await.unwrap().is_empty(), "the one that sends it is at work");
    one.leave().await.unwrap();
    assert_eq!(other.sending().await.unwrap(), [item.id]);
    other.send_again(&[item.id], at(4)).await.unwrap();
    let again = other.due(at(5), 10, &Quiet::default()).await.unwrap().remove(0);
    let sent = Delivered::Sent(None);
    assert!(matches!(one.delivered(&item, &sent, &[], at(6)).await, Err(StoreError::Fenced)), "it was taken over");
    other.delivered(&again, &sent, &[], at(7)).await.unwrap();
}

#[tokio::test]
async fn both_extend_one_chain() {
    let (_server, one, other) = two().await;
    let write = |store: SqlStore, gate: &'static str| {
        tokio::spawn(async move {
            for second in 0..60 {
                let state = if second % 2 == 0 { GateState::Paused } else { GateState::Open };
                store.set_gate(&name(gate), state, "ana", "because", at(second)).await.unwrap();
            }
        })
    };
    let both = [write(one.clone(), "loans"), write(other.clone(), "cards")];
    for each in both {
        each.await.unwrap();
    }
    let verified = one.verify_ledger(None).await.unwrap();
    assert_eq!(verified.rows, 120);
    assert_eq!(other.verify_ledger(Some(&verified.head)).await.unwrap(), verified);
}

/// Two ticks of one monitor are decided on the same state, by two replicas: one is told that the state has moved.
#[tokio::test]
async fn two_replicas_never_decide_on_the_same_state_of_a_monitor() {
    let (_server, one, other) = two().await;
    let nulls = name("nulls");
    let claim = |store: SqlStore, second| {
        let nulls = nulls.clone();
        async move { store.claim(&nulls, at(second), at(second)).await.unwrap().unwrap() }
    };
    for round in 0..40 {
        let (first, second) = (claim(one.clone(), 2 * round + 1).await, claim(other.clone(), 2 * round + 2).await);
        let newest = one.groups(&nulls).await.unwrap().newest;
        let quiet = |claim: &Claim| {
            let opening = opening(&incident("aa11", "nulls"), claim.scheduled_at);
            let (incidents, steps, messages, ledger) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            watchkeeper_engine::ports::store::CheckRecord { newest, incidents, steps, messages, ledger, ..opening }
        };
        let (ours, theirs) = (quiet(&first), quiet(&second));
        let both = tokio::join!(one.record_check(&first, &ours), other.record_check(&second, &theirs));
        let whole = [both.0.unwrap(), both.1.unwrap()].into_iter().filter(|said| *said == Recorded::Whole).count();
        assert_eq!(whole, 1, "round {round}");
        // Whoever was told so decides anew.
        let newest = one.groups(&nulls).await.unwrap().newest;
        let (again, record) = if newest == Some(first.scheduled_at) { (&second, theirs) } else { (&first, ours) };
        let store = if newest == Some(first.scheduled_at) { &other } else { &one };
        let record = watchkeeper_engine::ports::store::CheckRecord { newest, ..record };
        assert_eq!(store.record_check(again, &record).await.unwrap(), Recorded::Whole);
    }
}

#[tokio::test]
async fn a_gate_that_one_pauses_rings_at_the_other() {
    let (_server, one, other) = two().await;
    let other = Arc::new(other);
    let listening = Arc::clone(&other);
    let heard = tokio::spawn(async move { listening.listen(|_| {}).await });
    // A bell before the listener stands is not heard, which is why everybody looks as well.
    let mut rung = false;
    for second in 0..100 {
        let bell = other.gates_rung();
        let state = if second % 2 == 0 { GateState::Paused } else { GateState::Open };
        one.set_gate(&name("loans"), state, "ana", "because", at(second)).await.unwrap();
        if tokio::time::timeout(Duration::from_millis(100), bell).await.is_ok() {
            rung = true;
            break;
        }
    }
    heard.abort();
    assert!(rung, "it was heard");
}

#[tokio::test]
async fn a_database_that_takes_no_writes_and_tables_of_a_newer_version_are_refused_with_words() {
    let server = Postgres::start();
    SqlStore::connect(&server.url()).await.unwrap().close().await;
    server.run(
        "update store_floor set version = 99; insert into _sqlx_migrations values (99, 'newer', now(), true, '', 0)",
    );
    let newer = SqlStore::connect(&server.url()).await.unwrap_err();
    assert!(matches!(newer, OpenError::Newer { found: 99, floor: 99, .. }), "{newer}");
    server.run(&format!("alter database {} set default_transaction_read_only = on", server.database()));
    let refused = SqlStore::connect(&server.url()).await.unwrap_err().to_string();
    let place = format!("127.0.0.1:{}/{}", server.port(), server.database());
    assert_eq!(refused, format!("{place} cannot hold the store: it is read-only for this user"));
}

/// Two installations on one database, a schema each, share nothing.
#[tokio::test]
async fn a_schema_is_a_store_of_its_own() {
    let server = Postgres::start();
    server.run("create schema risk; create schema fraud");
    let of = |schema: &str| format!("{}?options=-csearch_path%3D{schema}", server.url());
    let (risk, fraud) = (SqlStore::connect(&of("risk")).await.unwrap(), SqlStore::connect(&of("fraud")).await.unwrap());
    risk.set_gate(&name("loans"), GateState::Paused, "ana", "because", at(1)).await.unwrap();
    assert_eq!(fraud.gate(&name("loans")).await.unwrap().state, GateState::Open);
    assert_eq!((risk.ledger_length().await.unwrap(), fraud.ledger_length().await.unwrap()), (1, 0));
}
