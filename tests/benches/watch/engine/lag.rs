//! A daemon with thousands of monitors that are all due on one minute, without jitter and with it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{GROUP, daemon::Daemon, response};
use crate::{
    data,
    options::Options,
    report::{Figure, quantile},
    workspace::Workspace,
};

/// Monitors of a full run, and of a quick one.
const MONITORS: usize = 20_000;
const QUICK_MONITORS: usize = 1_000;
/// Rows that each looks at.
const ROWS: u64 = 168;
/// The seconds over which a minute is spread.
const JITTER: u32 = 50;

pub(super) fn run(options: &Options) {
    if options.quick {
        return minute(options, QUICK_MONITORS, JITTER);
    }
    minute(options, MONITORS, 0);
    minute(options, MONITORS, JITTER);
}

/// The first minute that all monitors see.
fn minute(options: &Options, monitors: usize, jitter: u32) {
    let rows = data::parquet(&options.folder, "small", ROWS, 3);
    let folder = tempfile::tempdir_in(&options.folder).expect("a folder");
    let workspace = workspace(folder.path(), &rows, monitors, jitter);
    if jitter > 0 {
        response::add(&workspace, jitter);
    }
    let mut daemon = Daemon::start(options, &workspace.folder);
    let file = workspace.folder.join("state/watchkeeper.db");
    let minute = daemon.wait_for(|| whole_minute(&file, monitors, 0));
    let since = if jitter == 0 { "scheduled_at" } else { "claimed_at" };
    let lags = lags(&file, minute, since);
    let work = |what: &str| match jitter {
        0 => format!("{monitors} monitors on one minute: {what}"),
        _ => format!("{monitors} monitors over {jitter} s: {what}"),
    };
    let print = |what: &str, unit: &str, ours: f64| {
        Figure { group: GROUP, work: &work(what), unit, ours, beside: None, more_is_better: false }.print();
    };
    print("done, median", "s", quantile(&lags, 0.5));
    print("done, 99th of 100", "s", quantile(&lags, 0.99));
    print("ticks that failed", "", (monitors - lags.len()) as f64);
    if jitter > 0 {
        response::print(&reader(&file).expect("it is there"));
    }
    if !options.quick {
        let (before, _) = daemon.used();
        daemon.wait_for(|| whole_minute(&file, monitors, minute + 1));
        let (after, peak_mb) = daemon.used();
        print("processor, once started", "ms/tick", (after - before) * 1e3 / monitors as f64);
        print("peak memory", "MB", peak_mb);
    }
}

pub(crate) fn workspace(folder: &Path, rows: &Path, monitors: usize, jitter: u32) -> Workspace {
    let workspace = Workspace::new(&folder.join("workspace"));
    workspace.write("config/sources.toml", &format!("[source.rows.files]\npath = \"{}\"\n", rows.display()));
    for number in 0..monitors {
        workspace.monitor(&format!("m{number}"), &every_minute(jitter), "source = \"rows\"", &null_rate("above = 0.5"));
    }
    workspace
}

/// A schedule.
pub(crate) fn every_minute(jitter: u32) -> String {
    let jitter = if jitter == 0 { String::new() } else { format!("\njitter = \"{jitter}s\"") };
    format!("cron = \"* * * * *\"{jitter}")
}

/// A check of three columns.
pub(crate) fn null_rate(breach: &str) -> String {
    format!(
        "[check]\nplugin = \"null-rate\"\n[check.params]\ncolumns = [\"f0\", \"f1\", \"t0\"]\n\
         [[threshold]]\nmetric = \"null_rate\"\nbreach = {{ {breach} }}\n"
    )
}

fn reader(file: &Path) -> Option<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()
}

/// The first minute from then on whose quiet ticks are all finished.
fn whole_minute(file: &Path, monitors: usize, from: i64) -> Option<i64> {
    let sql =
        "select scheduled_at from occurrence where status = 'finished' and scheduled_at >= ? and monitor glob 'm[0-9]*'
               group by 1 having count(*) = ? limit 1";
    reader(file)?.query_row(sql, [from, i64::try_from(monitors).ok()?], |row| row.get(0)).ok()
}

/// From then to its end, in seconds, of every quiet tick of a minute, in order.
fn lags(file: &Path, minute: i64, since: &str) -> Vec<f64> {
    let db = reader(file).expect("it is there");
    let sql = format!(
        "select (finished_at - {since}) / 1e6 from occurrence
         where scheduled_at = ? and status = 'finished' and verdict = 'ok' order by 1"
    );
    let mut query = db.prepare(&sql).expect("a statement");
    let rows = query.query_map([minute], |row| row.get(0)).expect("asked");
    rows.collect::<Result<_, _>>().expect("read")
}
