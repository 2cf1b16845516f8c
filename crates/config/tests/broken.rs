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
    let allowed = told_on_screen() + "\n[allow]\nhosts = [\"bucket\"]\n";
    let remote = workspace(&allowed, &SOURCES.replace("data/", "s3://bucket/"), MONITOR, RUNBOOK);
    assert_eq!(warnings(remote.path(), false), [""; 0]);
}

#[test]
fn a_window_that_clock_changes_tear_is_pointed_at() {
    let of = |cron: &str, window: &str| {
        let schedule = format!("[schedule]\ncron = \"{cron}\"\ntimezone = \"Europe/Berlin\"\n");
        let (head, tail) = MONITOR.split_once("[schedule]").unwrap();
        let (_, tail) = tail.split_once("[input]").unwrap();
        let tail = tail.replacen("source = \"scores\"", &format!("source = \"scores\"\nwindow = \"{window}\""), 1);
        let monitor = format!("{head}{schedule}[input]{tail}");
        warnings(workspace(&told_on_screen(), SOURCES, &monitor, RUNBOOK).path(), false)
    };
    let found = of("0 6,18 * * *", "12h");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("60 minutes before the tick of 2026-03-29 is counted twice, because clocks change"),
        "{found:?}"
    );
    for (cron, window) in [("0 6 * * *", "1d"), ("0 6 * * *", "day"), ("0 * * * *", "1h"), ("0 6 * * *", "14d")] {
        assert_eq!(of(cron, window), [""; 0], "{cron} {window}");
    }
}

#[test]
fn files_lie_in_the_workspace_or_in_folders_that_are_allowed() {
    for (path, wanted) in [
        ("/var/log/orders/*.csv", "`/var/log/orders/*.csv` lies outside the workspace"),
        ("../other/*.csv", "`../other/*.csv` lies outside the workspace"),
        ("https://files.example.com/a.csv", "`files.example.com` may not be reached"),
    ] {
        let folder = workspace(&told_on_screen(), &SOURCES.replace("data/*.csv", path), MONITOR, RUNBOOK);
        let mut manual = |_: &str| Ok(PluginManual::default());
        let environment = |_: &str| None;
        let found = load(folder.path(), &mut Surroundings { manual: &mut manual, environment: &environment });
        let found: Vec<String> = found.expect_err("it is refused").iter().map(ToString::to_string).collect();
        assert!(found[0].contains(&format!("config/sources.toml:4:8: {wanted}")), "{found:?}");
    }
    let allowed = told_on_screen() + "\n[allow]\nfolders = [\"/var/log\"]\n";
    let found =
        warnings(workspace(&allowed, &SOURCES.replace("data/", "/var/log/none/"), MONITOR, RUNBOOK).path(), false);
    assert!(found[0].contains("there is no file at `/var/log/none/*.csv`"), "{found:?}");
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

#[test]
fn a_store_among_the_workspaces_own_files_is_a_mistake() {
    for state in [".", "config", "./runbooks/state", "..", "/", "x/../../"] {
        let read = outline(workspace(&MAIN.replace("elsewhere", state), SOURCES, MONITOR, RUNBOOK).path());
        let found: Vec<String> = read.mistakes.iter().map(ToString::to_string).collect();
        let said = format!("config/watchkeeper.toml:3:9: the store cannot be in `{state}`, which holds");
        assert!(found.len() == 1 && found[0].starts_with(&said), "{found:?}");
    }
    for state in ["state", "../elsewhere", "/var/lib/watchkeeper", "configs", "data/state"] {
        let read = outline(workspace(&MAIN.replace("elsewhere", state), SOURCES, MONITOR, RUNBOOK).path());
        assert_eq!(read.mistakes, [], "{state}");
    }
}

/// Every mistake of a workspace as one line each.
fn mistakes(folder: &Path) -> Vec<String> {
    outline(folder).mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_no_plain_file_of_a_sensible_size_is_not_read() {
    let folder = workspace(MAIN, SOURCES, MONITOR, RUNBOOK);
    let put = |name: &str| folder.path().join("config/monitors").join(name);
    fs::create_dir(put("a.toml")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(put("b.toml")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", put("c.toml")).unwrap();
    std::os::unix::fs::symlink("b.toml", put("d.toml")).unwrap();
    fs::File::create(put("e.toml")).unwrap().set_len(1 << 40).unwrap();
    let why = ["it is not a plain file"; 4].into_iter().chain(["it is larger than 1 MiB"]);
    let expected = ["a", "b", "c", "d", "e"].iter().zip(why).map(|(file, why)| {
        let file = format!("config/monitors/{file}.toml");
        format!("{file}:1:1: cannot read {file}: {why}")
    });
    assert_eq!(mistakes(folder.path()), expected.collect::<Vec<_>>());
}

#[test]
fn of_a_file_full_of_mistakes_a_hundred_are_told() {
    type Line = fn(usize) -> String;
    let full: [(&str, Line); 4] = [
        ("config/monitors/x.toml", |_| "= =\n".to_owned()),
        ("config/monitors/x.toml", |i| format!("k{i} = 1\n")),
        ("config/sources.toml", |i| format!("[source.s{i}.files]\npath = 7\n")),
        ("config/sources.toml", |i| format!("[source.s{i}.view]\nsql = \"select * from t{i}\"\n")),
    ];
    for (file, line) in full {
        let folder = workspace(MAIN, SOURCES, MONITOR, RUNBOOK);
        let text: String = (0..20_000).map(line).collect();
        fs::write(folder.path().join(file), text).unwrap();
        let told = mistakes(folder.path());
        let of_file: Vec<&String> = told.iter().filter(|told| told.starts_with(file)).collect();
        assert_eq!(of_file.len(), 101, "{file}");
        let more = of_file[100].split(": ").nth(1).unwrap();
        assert!(
            more.ends_with(" more mistakes from here to the file's end (put right what is told above first)"),
            "{more}"
        );
        let more: usize = more.split(' ').next().unwrap().parse().unwrap();
        assert!(more >= 19_000, "{more}");
    }
}

#[test]
fn a_text_without_end_is_quoted_in_part_and_likened_to_nothing() {
    let zone = format!("timezone = \"{}\"\ncron", "A".repeat(300_000));
    let folder = workspace(MAIN, SOURCES, &MONITOR.replace("cron", &zone), RUNBOOK);
    let told = mistakes(folder.path());
    assert!(told.len() == 1 && told[0].len() < 2_000 && told[0].contains("there is no time zone `AAA"), "{told:?}");
}

#[test]
fn a_shell_and_what_looks_like_a_secret_are_warned_of() {
    let main = format!("[allow]\nexec = [\"/bin/sh\"]\nhosts = [\"hooks.example.com\"]\n{MAIN}")
        .replace("secrets/nowhere", "data/a.csv");
    let steps = "[[step]]\nid = \"call\"\n[step.http]\nurl = \"https://hooks.example.com/x\"\nbody = { auth = \"xoxb-0123456789-abcdef\" }\n\
                 [[step]]\nid = \"run\"\n[step.exec]\ncommand = [\"/bin/sh\", \"-c\", \"curl -H 'Bearer abc'\"]\n";
    let folder = workspace(&main, SOURCES, MONITOR, &format!("{RUNBOOK}{steps}"));
    let found = warnings(folder.path(), false).join("\n");
    assert!(found.contains("watchkeeper.toml:2:9: `/bin/sh` runs whatever it is given"), "{found}");
    assert!(found.contains("runbooks/stop.toml:12:17: this looks like a secret"), "{found}");
    assert!(found.contains("runbooks/stop.toml:16:29: this looks like a secret"), "{found}");
}

#[test]
fn a_program_that_cannot_run_is_an_error_that_keeps_no_daemon_from_starting() {
    let main = format!("[allow]\nexec = [\"/bin/no-such-program\", \"data/a.csv\"]\n{MAIN}")
        .replace("secrets/nowhere", "data/a.csv");
    let step = |id: &str, command: &str| format!("[[step]]\nid = \"{id}\"\n[step.exec]\ncommand = [\"{command}\"]\n");
    let steps = step("gone", "/bin/no-such-program") + &step("plain", "data/a.csv");
    let folder = workspace(&main, SOURCES, MONITOR, &format!("{RUNBOOK}{steps}"));
    let mut manual = |_: &str| Ok(PluginManual::default());
    let loaded = load(folder.path(), &mut Surroundings { manual: &mut manual, environment: &|_| None }).unwrap();
    let broken: Vec<String> =
        loaded.findings.iter().filter(|found| found.severity.is_mistake()).map(ToString::to_string).collect();
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(broken[0].contains("`/bin/no-such-program` cannot be run: No such file"), "{broken:?}");
    assert!(broken[1].contains("`data/a.csv` is not a program that can be run"), "{broken:?}");
}
