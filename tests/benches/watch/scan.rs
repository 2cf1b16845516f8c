//! Scan: each standard check over a file of many rows, as a process of its own from start to answer, beside DuckDB,
//! which is warm and told the question alone; and all of them at once in one process that goes on.

mod checks;
mod sql;
pub(crate) mod together;
mod workspace;

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use self::sql::{Answered, Query};
use crate::{
    data,
    duckdb::DuckDb,
    options::Options,
    process::{self, Ended},
    report::{Figure, median},
};

const GROUP: &str = "scan";
/// Runs of each, in turn.
const RUNS: usize = 3;
/// Answers that differ by more, relative to the greater one, are not the same.
const SAME_TO: f64 = 1e-9;

pub(crate) fn run(options: &Options) {
    let rows = options.rows();
    let window = data::parquet(&options.folder, "window", rows, 1);
    let baseline = data::parquet(&options.folder, "baseline", data::BASELINE_ROWS, 2);
    let checks = checks::checks();
    let folder = workspace::make(&options.folder, &window, &baseline, &checks);
    let mut duckdb = options.python.as_deref().map(DuckDb::start);
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
            hold_against(name, &values_of(&ours[0]), &answered.values);
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

/// What a check measured: the value of each series.
fn values_of(ended: &Ended) -> BTreeMap<String, f64> {
    let evaluation: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let series = evaluation["series"].as_array().expect("series").iter();
    let values = series.filter_map(|series| {
        let metric = series["metric"].as_str()?;
        let labels = series["labels"].as_object().into_iter().flatten();
        let labels = labels.filter_map(|(_, value)| value.as_str()).map(|value| format!(" {value}"));
        Some((format!("{metric}{}", labels.collect::<String>()), series["value"].as_f64()?))
    });
    values.collect()
}

/// Speed of a wrong number is no figure.
fn hold_against(check: &str, ours: &BTreeMap<String, f64>, theirs: &BTreeMap<String, f64>) {
    for (series, value) in theirs {
        let Some(own) = ours.get(series) else { panic!("{check}: {series} is missing; there are {ours:?}") };
        let apart = (own - value).abs() / own.abs().max(value.abs()).max(f64::MIN_POSITIVE);
        assert!(apart <= SAME_TO, "{check}: {series} is {own}, and {value} by DuckDB");
    }
}
