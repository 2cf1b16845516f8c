//! Torture: the real daemon, killed, stopped, locked out of its store or out of disk at every fault point, turn after
//! turn, against peers on loopback that record what they were asked, and misbehave themselves. Each turn, one monitor's
//! data goes into breach or recovers; when all is quiet again, the books must agree.
//!
//! `TORTURE_MINUTES` and `TORTURE_SEED` say how long and which; without them, one minute and the time. `cargo xtask torture`
//! sets them.
#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first thing that is not so")]
#![expect(clippy::disallowed_methods, reason = "real processes are waited for in real time")]

mod audit;
mod life;
mod peers;
mod place;
mod plan;
mod platforms;
mod store;
mod table;
mod turn;

use std::{
    env,
    io::Write,
    sync::Mutex,
    time::{Duration, Instant, SystemTime},
};

use fastrand::Rng;

use crate::{place::Place, plan::Kind, table::Table, turn::Torture};

fn setting(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Says it whether or not the tests' output is captured.
fn say(line: &str) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn whatever_happens_each_first_step_is_done_once_and_told() {
    torture(&Place::on_sqlite());
}

/// Two daemons share the store, and either is struck.
#[test]
fn whatever_happens_to_either_of_two_each_first_step_is_done_once_and_told() {
    torture(&Place::on_postgres());
}

/// One at a time: how long things take is a part of it.
static TURN: Mutex<()> = Mutex::new(());

fn torture(place: &Place) {
    let _turn = TURN.lock();
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is past 1970");
    let seed = setting("TORTURE_SEED").unwrap_or(since_1970.as_secs());
    let minutes = setting("TORTURE_MINUTES").unwrap_or(1);
    say(&format!("torture for {minutes} min with seed {seed}"));

    let mut torture = Torture::new(place, Rng::with_seed(seed));
    for kind in Kind::ALL {
        torture.warm_up(kind);
    }
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    while Instant::now() < until {
        if let Err(wrong) = torture.turn() {
            panic!("{wrong}\nseed {seed}, its story:\n{}", torture.story());
        }
    }
    let Torture { table, turns, repeated, .. } = torture;
    place.verify_ledger();
    say(&table.drawn());
    let faults = table.faults();
    say(&format!("{turns} turns, {faults} faults with seed {seed}: 0 lost, 0 doubled, {repeated} messages repeated"));
    assert!(faults > turns / 4, "most faults were never reached");
}

/// A table with no fault is no torture.
#[test]
fn the_table_counts_faults_by_place_and_kind() {
    let mut table = Table::default();
    table.count("kill", "step.intent.before", Kind::Exec);
    assert_eq!(table.faults(), 1);
    assert!(table.drawn().contains("step.intent.before"));
}
