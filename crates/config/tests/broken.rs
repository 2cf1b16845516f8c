//! What is said of a workspace that is sound but probably not meant, and what is read of one that is broken.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first thing that is not so")]

use std::{fs, path::Path};

use tempfile::TempDir;
use watchkeeper_config::{PluginManual, Surroundings, load, outline};

const MAIN: &str = r##"
[daemon]
state = "elsewhere"
[team.ml-team]
notify = ["chat"]
[channel.chat.slack]
channel = "#ml"
token = { file = "secrets/nowhere" }
[gate.loans]
description = "Loans"
"##;
const SOURCES: &str = "[source.scores]\ntime_column = \"at\"\n[source.scores.files]\npath = \"data/*.csv\"\n";
const RUNBOOK: &str =
    "[runbook]\nid = \"stop\"\n[[step]]\nid = \"pause\"\n[step.gate]\ngate = \"loans\"\nstate = \"paused\"\n";
const MONITOR: &str = r#"
[monitor]
id = "drift"
layer = "model"
owner = "ml-team"
runbook = "stop"
[schedule]
cron = "0 6 * * *"
[input]
source = "scores"
[check]
plugin = "drift"
[[threshold]]
metric = "psi"
breach = { above = 0.2 }
"#;

/// A workspace of these four files, with one file of data.
fn workspace(main: &str, sources: &str, monitor: &str, runbook: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("config/watchkeeper.toml", main),
        ("config/sources.toml", sources),
        ("config/monitors/drift.toml", monitor),
        ("runbooks/stop.toml", runbook),
        ("data/a.csv", "at\n"),
    ];
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The warnings of a workspace whose only plugin needs a baseline or not.
fn warnings(folder: &Path, needs_baseline: bool) -> Vec<String> {
    let mut manual = |_: &str| Ok(PluginManual { needs_baseline, ..PluginManual::default() });
    let environment = |_: &str| None;
    let loaded = load(folder, &mut Surroundings { manual: &mut manual, environment: &environment });
    let loaded = loaded.unwrap_or_else(|found| panic!("{found:?}"));
    loaded.findings.iter().map(ToString::to_string).collect()
}

/// Without a channel whose secret is missing.
fn told_on_screen() -> String {
    MAIN.replace(
        "[channel.chat.slack]\nchannel = \"#ml\"\ntoken = { file = \"secrets/nowhere\" }",
        "[channel.chat.console]",
    )
}

#[test]
fn a_sound_workspace_has_no_warnings() {
    let folder = workspace(&told_on_screen(), SOURCES, MONITOR, RUNBOOK);
    assert_eq!(warnings(folder.path(), false), [""; 0]);
}

#[test]
fn a_check_that_compares_needs_a_baseline() {
    let folder = workspace(&told_on_screen(), SOURCES, MONITOR, RUNBOOK);
    let found = warnings(folder.path(), true);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("config/monitors/drift.toml:12:10: `drift` compares with a baseline"), "{found:?}");
    let with = workspace(&told_on_screen(), SOURCES, &format!("{MONITOR}[baseline]\nsource = \"scores\"\n"), RUNBOOK);
    assert_eq!(warnings(with.path(), true), [""; 0]);
}

#[test]
fn a_path_that_matches_nothing_is_pointed_at() {
    let folder = workspace(&told_on_screen(), &SOURCES.replace("*.csv", "*.parquet"), MONITOR, RUNBOOK);
    let found = warnings(folder.path(), false);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("config/sources.toml:4:8: there is no file at `data/*.parquet`"), "{found:?}");
    let remote = workspace(&told_on_screen(), &SOURCES.replace("data/", "s3://bucket/"), MONITOR, RUNBOOK);
    assert_eq!(warnings(remote.path(), false), [""; 0]);
}

#[test]
fn a_runbook_that_nothing_starts_is_pointed_at() {
    let only_warns = MONITOR.replace("breach =", "warn =");
    let silent = format!("{only_warns}[alert]\non_error = \"warn\"\n");
    let found = warnings(workspace(&told_on_screen(), SOURCES, &silent, RUNBOOK).path(), false);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("runbooks/stop.toml:2:6: nothing can start the runbook `stop`"), "{found:?}");
    assert!(found[0].contains("give `drift` a `breach` limit"), "{found:?}");
    // A check that fails counts as a breach unless it is told otherwise.
    assert_eq!(warnings(workspace(&told_on_screen(), SOURCES, &only_warns, RUNBOOK).path(), false), [""; 0]);
    let unused = workspace(&told_on_screen(), SOURCES, MONITOR, RUNBOOK);
    fs::write(unused.path().join("runbooks/other.toml"), RUNBOOK.replace("\"stop\"", "\"other\"")).unwrap();
    let found = warnings(unused.path(), false);
    assert!(found.len() == 1 && found[0].contains("name it as the `runbook` of a monitor"), "{found:?}");
}

#[test]
fn an_outline_asks_no_plugin_and_looks_behind_no_secret() {
    let folder = workspace(MAIN, SOURCES, &MONITOR.replace("\"drift\"\n[[", "\"nowhere\"\n[["), RUNBOOK);
    let read = outline(folder.path());
    assert_eq!(read.mistakes, []);
    assert!(read.gates_are_certain && read.monitors_are_certain);
    assert_eq!(read.state, Path::new("elsewhere"));
    assert!(read.monitors.values().all(Option::is_some) && read.monitors.len() == 1);
    assert_eq!(read.gates["loans"].description, "Loans");
}

#[test]
fn of_a_broken_file_the_names_are_kept() {
    let folder = workspace(MAIN, SOURCES, &MONITOR.replace("0 6 * * *", "never"), RUNBOOK);
    let read = outline(folder.path());
    assert_eq!(read.mistakes.len(), 1);
    assert!(read.gates_are_certain && !read.monitors_are_certain);
    assert_eq!(
        read.monitors.iter().map(|(id, monitor)| (id.as_str(), monitor.is_some())).collect::<Vec<_>>(),
        [("drift", false)]
    );
}

#[test]
fn a_main_file_that_does_not_parse_still_names_the_store_and_the_gates() {
    let folder = workspace(&format!("{MAIN}\n[team.x]\nnotify = [\n"), SOURCES, MONITOR, RUNBOOK);
    let read = outline(folder.path());
    assert!(!read.mistakes.is_empty() && !read.gates_are_certain);
    assert_eq!(read.state, Path::new("elsewhere"));
    assert!(read.gates.contains_key("loans"));
    let nothing = outline(workspace("[[[", SOURCES, MONITOR, RUNBOOK).path());
    assert_eq!(nothing.state, Path::new("state"));
}

#[test]
fn a_value_that_stands_in_for_a_wrong_one_is_not_taken_for_the_store() {
    let folder = workspace(&MAIN.replace("\"elsewhere\"", "5"), SOURCES, MONITOR, RUNBOOK);
    assert_eq!(outline(folder.path()).state, Path::new("state"));
}
