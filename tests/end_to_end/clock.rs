//! The clock of a running daemon is set forward and back, and the machine sleeps; each misfire policy keeps its ticks.

use std::{collections::BTreeMap, fs, time::SystemTime};

use rusqlite::{Connection, OpenFlags};

use crate::bench::{Bench, Daemon};

/// Midnight of a day in the future, in milliseconds since 1970.
const MIDNIGHT: u128 = 1_893_456_000_000;
const MINUTE: u128 = 60_000;
const POLICIES: [&str; 3] = ["skip", "latest", "all"];

/// A workspace with a monitor for each policy, due every hour, whose missed ticks may begin for two hours and a half.
fn workspace() -> Bench {
    let bench = Bench::sample();
    fs::remove_dir_all(bench.path().join("config/monitors")).expect("the sample's monitors go");
    for policy in POLICIES {
        bench.edit(&format!("config/monitors/{policy}.toml"), |_| {
            format!(
                "[monitor]\nid = {policy:?}\nlayer = \"model\"\nowner = \"ml-team\"\nrunbook = \"model-degradation\"\n\
                 [schedule]\ncron = \"0 * * * *\"\nmisfire = {policy:?}\nstarting_deadline = \"150m\"\njitter = \"0s\"\n\
                 [input]\nsource = \"training-loans\"\n[check]\nplugin = \"null-rate\"\n\
                 [check.params]\ncolumns = [\"MedInc\"]\n"
            )
        });
    }
    bench
}

/// Sets the daemon's clock to so many milliseconds after midnight.
#[expect(clippy::disallowed_methods, reason = "what the daemon's clock is set off from")]
pub(crate) fn set_clock(bench: &Bench, time: u128) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is past 1970").as_millis();
    let fresh = bench.path().join("clock.new");
    fs::write(&fresh, (MIDNIGHT + time - now).to_string()).expect("written");
    fs::rename(fresh, bench.path().join("clock")).expect("it takes its place");
}

/// The hours at which each monitor was judged, in the order in which that was recorded.
fn judged(bench: &Bench) -> BTreeMap<String, Vec<i64>> {
    let store = bench.path().join("state/watchkeeper.db");
    let store = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the store opens");
    let sql =
        "SELECT monitor, (scheduled_at / 1000 - ?) / 3600000 FROM occurrence WHERE verdict IS NOT NULL ORDER BY rowid";
    let mut query = store.prepare(sql).expect("a query");
    let midnight = i64::try_from(MIDNIGHT).expect("it fits");
    let rows = query.query_map([midnight], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    let mut judged: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (monitor, hour) in rows.map(|row| row.expect("a row")) {
        judged.entry(monitor).or_default().push(hour);
    }
    judged
}

/// Looks until the monitors were judged at these hours: by `skip`, `latest` and `all`.
fn wait_for(bench: &Bench, hours: [&[i64]; 3]) {
    let expected: BTreeMap<String, Vec<i64>> =
        POLICIES.iter().zip(hours).map(|(policy, hours)| ((*policy).to_owned(), hours.to_vec())).collect();
    for _ in 0..600 {
        if judged(bench) == expected {
            return;
        }
        // Each look is a run of the binary.
        bench.run(&["status"]);
    }
    assert_eq!(judged(bench), expected);
}

#[test]
fn a_clock_that_is_set_and_a_machine_that_sleeps_repeat_no_tick_and_miss_none_that_is_wanted() {
    let bench = workspace();
    // A monitor that never ran has no tick before the daemon's start, so that has to come in time.
    set_clock(&bench, 60 * MINUTE - 3_000);
    let mut command = bench.command(&["run"]);
    command.env("WATCHKEEPER_CLOCK", bench.path().join("clock"));
    let daemon: Daemon = bench.daemon_by(command);
    wait_for(&bench, [&[1], &[1], &[1]]);

    // Forward by three hours.
    set_clock(&bench, 250 * MINUTE);
    wait_for(&bench, [&[1], &[1, 4], &[1, 2, 3, 4]]);

    // Back by two hours, past ticks that have run, and on to the next one that has not.
    set_clock(&bench, 130 * MINUTE);
    set_clock(&bench, 180 * MINUTE - 200);
    bench.run(&["status"]);
    set_clock(&bench, 300 * MINUTE - 500);
    wait_for(&bench, [&[1, 5], &[1, 4, 5], &[1, 2, 3, 4, 5]]);

    // Asleep for two ticks.
    daemon.signal("STOP");
    set_clock(&bench, 430 * MINUTE);
    daemon.signal("CONT");
    wait_for(&bench, [&[1, 5], &[1, 4, 5, 7], &[1, 2, 3, 4, 5, 6, 7]]);

    // Asleep for a day: what is older than its deadline runs under no policy.
    daemon.signal("STOP");
    set_clock(&bench, 31 * 60 * MINUTE + 10 * MINUTE);
    daemon.signal("CONT");
    wait_for(&bench, [&[1, 5], &[1, 4, 5, 7, 31], &[1, 2, 3, 4, 5, 6, 7, 29, 30, 31]]);
    daemon.signal("TERM");
    assert_eq!(daemon.ends(), Some(0));
}
