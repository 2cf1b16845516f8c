//! Engine: a daemon with thousands of monitors that are all due on one minute, without jitter and with it.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

use crate::{data, options::Options, report::Figure};

const GROUP: &str = "engine";
/// Monitors of a full run, and of a quick one.
const MONITORS: usize = 20_000;
const QUICK_MONITORS: usize = 1_000;
/// Rows that each looks at.
const ROWS: u64 = 168;
/// How long a minute's ticks may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(240);
/// The seconds over which a minute is spread.
const JITTER: u32 = 50;

pub(crate) fn run(options: &Options) {
    let monitors = if options.quick { QUICK_MONITORS } else { MONITORS };
    for jitter in [0, JITTER] {
        minute(options, monitors, jitter);
    }
}

/// The first minute that all monitors see.
fn minute(options: &Options, monitors: usize, jitter: u32) {
    let rows = data::parquet(&options.folder, "small", ROWS, 3);
    let folder = tempfile::tempdir_in(&options.folder).expect("a folder");
    workspace(folder.path(), &rows, monitors, jitter);
    let mut daemon = Daemon::start(options, folder.path());
    let file = folder.path().join("state/watchkeeper.db");
    let start = Instant::now();
    let minute = loop {
        assert!(start.elapsed() < PATIENCE, "the ticks of a minute are not done");
        assert!(daemon.0.try_wait().expect("it is asked").is_none(), "the daemon ended");
        thread::sleep(Duration::from_millis(500));
        if let Some(minute) = whole_minute(&file, monitors) {
            break minute;
        }
    };
    let (cpu_seconds, peak_mb) = daemon.used();
    let since = if jitter == 0 { "scheduled_at" } else { "claimed_at" };
    let lags = lags(&file, minute, since);
    let quantile = |share: f64| lags[((lags.len() - 1) as f64 * share) as usize];
    let work = |what: &str| match jitter {
        0 => format!("{monitors} monitors on one minute: {what}"),
        _ => format!("{monitors} monitors over {jitter} s: {what}"),
    };
    let print = |what: &str, unit: &str, ours: f64| {
        Figure { group: GROUP, work: &work(what), unit, ours, beside: None, more_is_better: false }.print();
    };
    print("done, median", "s", quantile(0.5));
    print("done, 99th of 100", "s", quantile(0.99));
    print("ticks that failed", "", (monitors - lags.len()) as f64);
    print("processor, start and ticks", "ms/tick", cpu_seconds * 1e3 / ticks(&file));
    print("peak memory", "MB", peak_mb);
}

/// A daemon, which is killed in the end.
struct Daemon(Child);

impl Daemon {
    fn start(options: &Options, folder: &Path) -> Self {
        let log = fs::File::create(folder.join("log")).expect("a file");
        let mut command = Command::new(&options.binary);
        command.args(["run", "--workspace"]).arg(folder).stdout(Stdio::null()).stderr(log);
        Self(command.spawn().expect("it starts"))
    }

    /// Seconds of a processor, and the most memory, as the kernel counts them.
    fn used(&self) -> (f64, f64) {
        let read = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.0.id())).expect("Linux says it");
        let (stat, status) = (read("stat"), read("status"));
        let after_name = stat.rsplit(") ").next().expect("it has a name").split(' ');
        let ticks: f64 = after_name.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
        let kilobytes: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
        // Linux counts hundredths of a second for whoever asks.
        (ticks / 100.0, kilobytes * 1024.0 / 1e6)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn workspace(folder: &Path, rows: &Path, monitors: usize, jitter: u32) {
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
    };
    write(
        "config/watchkeeper.toml",
        "[daemon]\nlisten = \"127.0.0.1:0\"\n[channel.here.console]\n[team.owner]\nnotify = [\"here\"]\n[gate.decisions]\n",
    );
    write("config/sources.toml", &format!("[source.rows.files]\npath = \"{}\"\n", rows.display()));
    write(
        "runbooks/look.toml",
        "[runbook]\nid = \"look\"\n[[step]]\nid = \"pause\"\n[step.gate]\ngate = \"decisions\"\nstate = \"paused\"\n",
    );
    let jitter = if jitter == 0 { String::new() } else { format!("jitter = \"{jitter}s\"\n") };
    for number in 0..monitors {
        let monitor = format!(
            "[monitor]\nid = \"m{number}\"\nlayer = \"data\"\nowner = \"owner\"\nrunbook = \"look\"\n\
             [schedule]\ncron = \"* * * * *\"\n{jitter}[input]\nsource = \"rows\"\n\
             [check]\nplugin = \"null-rate\"\n[check.params]\ncolumns = [\"f0\", \"f1\", \"t0\"]\n\
             [[threshold]]\nmetric = \"null_rate\"\nbreach = {{ above = 0.5 }}\n"
        );
        write(&format!("config/monitors/m{number}.toml"), &monitor);
    }
}

fn reader(file: &Path) -> Option<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()
}

/// The first minute whose ticks are all finished.
fn whole_minute(file: &Path, monitors: usize) -> Option<i64> {
    let sql = "select scheduled_at from occurrence where status = 'finished' group by 1 having count(*) = ? limit 1";
    reader(file)?.query_row(sql, [i64::try_from(monitors).ok()?], |row| row.get(0)).ok()
}

fn ticks(file: &Path) -> f64 {
    let counted = reader(file).and_then(|db| {
        db.query_row("select count(*) from occurrence where status = 'finished'", [], |row| row.get::<_, f64>(0)).ok()
    });
    counted.expect("it is read")
}

/// From then to its end, in seconds, of every tick of a minute, in order.
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
