//! People: what they would run otherwise, as a process of its own from start to answer.

use std::{path::Path, process::Command};

use crate::{
    answers, checks, data,
    options::Options,
    process::{self, Ended},
    report::{Figure, median},
    workspace::Workspace,
};

const GROUP: &str = "people";
/// Runs of ours; theirs takes a minute, and is run once.
const RUNS: usize = 3;

pub(crate) fn run(options: &Options) {
    let Some(python) = &options.people else { return };
    let window = data::parquet(&options.folder, "window", data::BASELINE_ROWS, 1);
    let baseline = data::parquet(&options.folder, "baseline", data::BASELINE_ROWS, 2);
    let workspace = Workspace::new(&options.folder.join("people"));
    workspace.sources(&[("window", &window), ("baseline", &baseline)]);
    // By deciles of the baseline, as people write it; and by Evidently's own bins, of which each value must be the same.
    let [usual, same] = ["quantile10", "evidently"].map(|profile| {
        let check = checks::drift(&format!("profile = \"{profile}\""));
        workspace.monitor(profile, "cron = \"0 0 * * *\"", "source = \"window\"", &check);
        (0..RUNS).map(|_| process::run(&mut ours(options, &workspace.folder, profile))).collect::<Vec<Ended>>()
    });
    let theirs = process::run(&mut evidently(python, &window, &baseline));

    let measured = answers::values_of(&serde_json::from_str(&same[0].stdout).expect("JSON"));
    answers::hold_against("evidently", &measured, &serde_json::from_str(&theirs.stdout).expect("JSON"));
    for (runs, bins) in [(&usual, "deciles"), (&same, "its bins")] {
        let print = |what: &str, unit: &str, of: fn(&Ended) -> f64| {
            let work = format!("PSI of {} columns by {bins}, 1 M rows beside 1 M: {what}", checks::columns().count());
            let (own, their) = (median(runs.iter().map(of).collect()), of(&theirs));
            let beside = Some((their, "Evidently, its drift preset"));
            Figure { group: GROUP, work: &work, unit, ours: own, beside, more_is_better: false }.print();
        };
        print("time", "s", |ended| ended.seconds);
        print("processor", "cpu s", |ended| ended.cpu_seconds);
        print("peak memory", "MB", |ended| ended.peak_mb);
    }
}

fn ours(options: &Options, folder: &Path, monitor: &str) -> Command {
    let mut command = Command::new(&options.binary);
    command.args(["check", monitor, "--at", data::END, "--json", "--workspace"]).arg(folder);
    command
}

fn evidently(python: &Path, window: &Path, baseline: &Path) -> Command {
    let joined = |columns: &mut dyn Iterator<Item = String>| columns.collect::<Vec<_>>().join(",");
    let mut command = Command::new(python);
    command.args(["-W", "ignore"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/watch/people.py")).args([window, baseline]);
    command.arg(joined(&mut checks::numbers())).arg(joined(&mut checks::texts()));
    command
}
