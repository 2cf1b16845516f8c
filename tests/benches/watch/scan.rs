//! Scan: each standard check over a file of many rows, as a process of its own from start to answer, beside DuckDB,
//! which is warm and told the question alone; and all of them at once in one process that goes on.

pub(crate) mod together;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    answers, checks, data,
    duckdb::{self, DuckDb},
    options::Options,
    process::{self, Ended},
    report::{Figure, median},
    sql::{Answered, Query},
    workspace::Workspace,
};

const GROUP: &str = "scan";
/// Runs of each, in turn.
const RUNS: usize = 3;

pub(crate) fn run(options: &Options) {
    let rows = options.rows();
    let window = data::parquet(&options.folder, "window", rows, 1);
    let baseline = data::parquet(&options.folder, "baseline", data::BASELINE_ROWS, 2);
    let checks = checks::checks();
    let folder = workspace(&options.folder.join("scan"), &window, &baseline, &checks);
    let (window, baseline) = (duckdb::from_file(&window), duckdb::from_file(&baseline));
    let mut duckdb = options.duckdb.as_deref().map(DuckDb::start);
    let lines = Lines { rows };
    let (mut all_of_ours, mut all_of_theirs) = (0.0, 0.0);
    for (name, _) in &checks {
        let query = duckdb.as_mut().map(|duckdb| Query::fastest(name, &window, &baseline, duckdb));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let mut command = Command::new(&options.binary);
            command.args(["check", name, "--at", data::END, "--json", "--workspace"]).arg(&folder);
            ours.push(process::run(&mut command));
            theirs.extend(duckdb.as_mut().zip(query.as_ref()).map(|(duckdb, query)| query.ask(duckdb)));
        }
        if let Some(answered) = theirs.last() {
            let evaluation = serde_json::from_str(&ours[0].stdout).expect("JSON");
            answers::hold_against(name, &answers::values_of(&evaluation), &answered.values);
        }
        let (own, their) = lines.print(name, &ours, &theirs);
        all_of_ours += own;
        all_of_theirs += their.unwrap_or_default();
    }
    let beside = duckdb.as_ref().map(|_| all_of_theirs);
    lines.print_one("the whole set, a process each", "s", all_of_ours, beside);
    let together: Vec<(Ended, f64)> = (0..RUNS).map(|_| together::run(&folder)).collect();
    let warm = median(together.iter().map(|(_, warm)| *warm).collect());
    let processes: Vec<Ended> = together.into_iter().map(|(ended, _)| ended).collect();
    lines.print_one("the whole set, due together in a process that goes on", "s", warm, beside);
    lines.print_one("the whole set, due together: peak memory", "MB", peak_mb(&processes), None);
}

/// A monitor a check, over the whole window.
fn workspace(folder: &Path, window: &Path, baseline: &Path, checks: &[(&str, String)]) -> PathBuf {
    let workspace = Workspace::new(folder);
    workspace.sources(&[("window", window), ("baseline", baseline)]);
    for (name, check) in checks {
        let input = format!("source = \"window\"\nwindow = \"{}d\"", data::DAYS);
        workspace.monitor(name, "cron = \"0 0 * * *\"", &input, check);
    }
    workspace.folder
}

fn seconds(runs: &[Ended]) -> f64 {
    median(runs.iter().map(|ended| ended.seconds).collect())
}

fn cpu_seconds(runs: &[Ended]) -> f64 {
    median(runs.iter().map(|ended| ended.cpu_seconds).collect())
}

fn peak_mb(runs: &[Ended]) -> f64 {
    runs.iter().map(|ended| ended.peak_mb).fold(0.0, f64::max)
}

/// Prints figures over so many rows.
struct Lines {
    rows: u64,
}

impl Lines {
    /// The figures of one check; gives its time and its peer's.
    fn print(&self, name: &str, ours: &[Ended], theirs: &[Answered]) -> (f64, Option<f64>) {
        let their = |of: fn(&Answered) -> f64| (!theirs.is_empty()).then(|| median(theirs.iter().map(of).collect()));
        let (own, their_seconds) = (seconds(ours), their(|answered| answered.seconds));
        self.print_one(name, "s", own, their_seconds);
        self.print_one(&format!("{name}: processor"), "cpu s", cpu_seconds(ours), None);
        self.print_one(&format!("{name}: peak memory"), "MB", peak_mb(ours), their(|answered| answered.peak_mb));
        (own, their_seconds)
    }

    fn print_one(&self, work: &str, unit: &str, ours: f64, peer: Option<f64>) {
        let work = format!("{work}, {} M rows", self.rows as f64 / 1e6);
        let beside = peer.map(|peer| (peer, "DuckDB, warm, its fastest SQL alone"));
        Figure { group: GROUP, work: &work, unit, ours, beside, more_is_better: false }.print();
    }
}
