//! Two daemons on one PostgreSQL, with tens of thousands of monitors that are due every minute.

use std::{thread, time::Duration};

use watchkeeper_model::digest_of;
use watchkeeper_testkit::Postgres;

use super::GROUP;
use crate::{
    data,
    engine::{daemon::Daemon, lag},
    options::Options,
    report::{Figure, quantile},
};

const MONITORS: usize = 50_000;
const QUICK_MONITORS: usize = 2_000;
const MINUTES: u64 = 10;
const QUICK_MINUTES: u64 = 2;
/// The seconds over which a minute is spread.
const JITTER: u32 = 50;

pub(super) fn run(options: &Options) {
    let (monitors, minutes) = if options.quick { (QUICK_MONITORS, QUICK_MINUTES) } else { (MONITORS, MINUTES) };
    let server = Postgres::durable();
    let rows = data::parquet(&options.folder, "small", 168, 3);
    let folder = tempfile::tempdir_in(&options.folder).expect("a folder");
    let workspace = lag::workspace(folder.path(), &rows, monitors, JITTER);
    workspace.configure("[store]\nurl = { file = \"store-url\" }\n");
    workspace.write("store-url", &server.url());
    let mut daemons = [
        Daemon::start_at(options, &workspace.folder, "one.log"),
        Daemon::start_at(options, &workspace.folder, "other.log"),
    ];
    let finished = |since: &str| {
        let sql = format!("select count(*) from occurrence where status = 'finished' and scheduled_at > {since}");
        // Before the first daemon has made its tables there is none.
        server.try_run(&sql).map_or(0, |count| count.parse::<usize>().expect("a count"))
    };
    // The first whole minute that both see begins the count.
    daemons[0].wait_for(|| (finished("0") >= monitors).then_some(()));
    let begin = server.run("select max(scheduled_at) from occurrence");
    let before = counters(&server);
    thread::sleep(Duration::from_secs(60 * minutes));
    let after = counters(&server);
    let ticks = finished(&begin) as f64;
    let lags = lags(&server, &begin);
    let used: Vec<(f64, f64)> = daemons.iter().map(Daemon::used).collect();
    let print = |what: &str, unit: &str, ours: f64| {
        let work = format!("{monitors} minutely monitors on two daemons, {minutes} min: {what}");
        Figure { group: GROUP, work: &work, unit, ours, beside: None, more_is_better: false }.print();
    };
    let [commits, size, log] = [0, 1, 2].map(|at| after[at] - before[at]);
    print("start lag, median", "ms", quantile(&lags, 0.5));
    print("start lag, 99th of 100", "ms", quantile(&lags, 0.99));
    print("ticks a minute", "", ticks / minutes as f64);
    print("peak memory of a daemon", "MB", used.iter().map(|(_, memory)| *memory).fold(0.0, f64::max));
    print("commits", "/s", commits / (60 * minutes) as f64);
    print("stored", "B/tick", size / ticks);
    print("written ahead", "B/tick", log / ticks);
    print("stored", "GB/day", size / (60 * minutes) as f64 * 86_400.0 / 1e9);
}

/// Commits, bytes of the database, bytes of its write-ahead log.
fn counters(server: &Postgres) -> [f64; 3] {
    let sql = "select xact_commit || ' ' || pg_database_size(current_database()) || ' '
                   || pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')
               from pg_stat_database where datname = current_database()";
    let told = server.run(sql);
    let mut numbers = told.split(' ').map(|number| number.parse::<f64>().expect("a number"));
    [(); 3].map(|()| numbers.next().expect("three numbers"))
}

/// How long after it was due each tick began, in milliseconds, in order.
fn lags(server: &Postgres, begin: &str) -> Vec<f64> {
    let sql = format!(
        "select monitor || ' ' || (claimed_at - scheduled_at) / 1000 from occurrence where scheduled_at > {begin}"
    );
    let told = server.run(&sql);
    let lag = |line: &str| {
        let (monitor, after) = line.split_once(' ').expect("two fields");
        Some((after.parse::<f64>().ok()? - spread(monitor)).max(0.0))
    };
    let mut lags: Vec<f64> = told.lines().filter_map(lag).collect();
    lags.sort_by(f64::total_cmp);
    lags
}

/// The delay of a monitor, as the engine gives it.
fn spread(monitor: &str) -> f64 {
    let digest = digest_of(&["jitter", monitor]);
    let seed = u64::from_str_radix(&digest[..15], 16).expect("hex digits");
    (seed % (u64::from(JITTER) * 1000)) as f64
}
