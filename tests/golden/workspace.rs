//! A workspace with a monitor for each case, and the binary that runs it.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::golden::{Case, Ended, text};

const SETTINGS: &str = r#"
[daemon]
state = "state"
[team.golden]
layers = ["data"]
members = ["golden@example.com"]
notify = ["console"]
[channel.console.console]
[gate.golden]
description = "Nothing asks it"
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "golden"
description = "Never run"
[[step]]
id = "pause"
[step.gate]
gate = "golden"
state = "paused"
"#;

/// A workspace in a temporary folder.
pub(crate) struct Workspace(TempDir);

impl Workspace {
    /// Writes a source or two and a monitor for each case.
    pub(crate) fn of(cases: &[Case]) -> Self {
        let workspace = Self(tempfile::tempdir().expect("a temporary folder"));
        let allowed = format!("{SETTINGS}[allow]\nfolders = [{:?}]\n", repository());
        workspace.write("config/watchkeeper.toml", &allowed);
        workspace.write("runbooks/golden.toml", RUNBOOK);
        let mut sources = String::new();
        for case in cases {
            add_source(&mut sources, &case.name, "current", &case.current);
            if let Some(baseline) = &case.baseline {
                add_source(&mut sources, &format!("{}-baseline", case.name), "baseline", baseline);
            }
            workspace.write(&format!("config/monitors/{}.toml", case.name), &monitor(case));
        }
        workspace.write("config/sources.toml", &sources);
        workspace
    }

    /// Every monitor's evaluation at the last tick of some.
    pub(crate) fn backtest(&self, monitors: &[&str], begins: &str, at: &str) -> BTreeMap<String, Ended> {
        let mut command = Command::new(binary());
        command.arg("--workspace").arg(self.0.path()).arg("backtest").args(monitors);
        let output = command.args(["--from", begins, "--to", at, "--json"]).output().expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8(output.stdout).expect("JSON lines are text");
        let evaluation = |line: &str| -> Value { serde_json::from_str(line).expect("each line is one object") };
        let ended: BTreeMap<_, _> = printed
            .lines()
            .map(evaluation)
            .map(|found| (text(&found["monitor"]), Ended::read(&found, "error")))
            .collect();
        assert_eq!(ended.len(), monitors.len(), "the binary said:\n{said}");
        ended
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    }
}

fn monitor(case: &Case) -> String {
    let (name, check) = (&case.name, &case.check);
    let cron = if case.begins.is_some() { "0 * * * *" } else { "0 0 * * *" };
    let mut toml = format!(
        "[monitor]\nid = {name:?}\nowner = \"golden\"\nlayer = \"data\"\nrunbook = \"golden\"\n\
         [schedule]\ncron = \"{cron}\"\n[input]\nsource = {name:?}\nmin_rows = 0\n"
    );
    if let Some(window) = &case.window {
        add(&mut toml, format_args!("window = {window:?}"));
    }
    if case.baseline.is_some() {
        add(&mut toml, format_args!("[baseline]\nsource = \"{name}-baseline\""));
    }
    add(&mut toml, format_args!("[check]\nplugin = {check:?}\n[check.params]"));
    for (param, value) in case.params.as_object().expect("params by name") {
        // Texts, numbers, flags and lists are written in TOML as in JSON.
        add(&mut toml, format_args!("{param} = {value}"));
    }
    toml
}

/// A file, or a view over files: its SQL names them in braces, the first one by its `role`.
fn add_source(sources: &mut String, name: &str, role: &str, source: &Value) {
    let Some(sql) = source["sql"].as_str() else { return add_file(sources, name, source) };
    let file = format!("{name}-file");
    add_file(sources, &file, source);
    let mut sql = sql.replace(&format!("{{{role}}}"), &format!("\"{file}\""));
    for (other, source) in source["with"].as_object().into_iter().flatten() {
        let file = format!("{name}-{other}");
        add_file(sources, &file, source);
        sql = sql.replace(&format!("{{{other}}}"), &format!("\"{file}\""));
    }
    add_head(sources, name, source);
    add(sources, format_args!("[source.{name}.view]\nsql = {}", Value::from(sql)));
}

fn add_file(sources: &mut String, name: &str, source: &Value) {
    let path = repository().join(source["path"].as_str().expect("a path"));
    add_head(sources, name, source);
    add(sources, format_args!("[source.{name}.files]\npath = {path:?}"));
}

fn add_head(sources: &mut String, name: &str, source: &Value) {
    add(sources, format_args!("[source.{name}]"));
    if let Some(column) = source["time_column"].as_str() {
        add(sources, format_args!("time_column = {column:?}"));
    }
}

fn add(toml: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(toml, "{line}").expect("a text takes every line");
}

/// The names of the standard checks: the folders of plugins that hold a package.
pub(crate) fn standard_checks() -> Vec<String> {
    let entries = fs::read_dir(repository().join("plugins")).expect("the checks' folder");
    let folders = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.join("Cargo.toml").exists());
    let names: Vec<String> =
        folders.map(|folder| folder.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    assert!(!names.is_empty(), "there are standard checks");
    names
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie in the repository").to_path_buf()
}

/// The binary that `cargo xtask test` builds before the tests run: it lies beside this test's own folder.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/debug/deps");
    let binary = folder.join("watchkeeper");
    assert!(binary.exists(), "{} is missing: run `cargo build --workspace --all-targets`", binary.display());
    binary
}
