//! Mistakes in configuration as the binary tells them.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::bench::Bench;

#[test]
fn twelve_mistakes_in_five_files_are_told_in_one_report_each_at_its_place() {
    let bench = Bench::of("crates/config/tests/data/err/twelve");
    let expected = fs::read_to_string(bench.path().join("expected.txt")).expect("what is expected");
    let places: Vec<&str> = expected.lines().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    assert_eq!(places.len(), 12);

    let told = bench.json(&["lint"], 1);
    let place = |found: &Value| {
        let file = found["file"].as_str().expect("a file");
        format!("{file}:{}:{}", found["line"], found["column"])
    };
    let found: Vec<String> = told["diagnostics"].as_array().expect("a list").iter().map(place).collect();
    assert_eq!(found, places);

    let output = bench.run(&["lint"]);
    assert_eq!(output.status.code(), Some(1));
    let report = String::from_utf8(output.stdout).expect("text");
    assert_eq!(report.matches("error: ").count(), 12, "{report}");
    assert!(places.iter().all(|place| report.contains(place)), "{report}");
    assert!(report.matches("^").count() >= 12, "each has a caret: {report}");
    let files = places.iter().map(|place| place.split(':').next()).collect::<BTreeSet<_>>().len();
    assert!(report.trim_end().ends_with(&format!("12 errors in {files} files")), "{report}");
}

#[test]
fn no_command_of_the_day_starts_on_a_mistaken_workspace() {
    let bench = Bench::of("crates/config/tests/data/err/twelve");
    for command in [
        &["run"][..],
        &["check", "loan-auc"],
        &["backtest", "loan-auc", "--from", "2021-09-01", "--to", "2021-09-02"],
        &["drill", "loan-auc"],
    ] {
        let output = bench.run(command);
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.trim_end().ends_with("12 errors in 5 files"), "{command:?}: {said}");
    }
    assert!(!bench.path().join("state").exists(), "nothing is made");
}
