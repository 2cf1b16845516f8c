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

#[test]
fn what_every_run_would_refuse_is_said_before_anybody_is_asked() {
    let bench = Bench::sample();
    bench.edit("config/watchkeeper.toml", |text| text.replace("[allow]\n", "[allow]\nhosts = [\"169.254.169.254\"]\n"));
    bench.edit("runbooks/model-degradation.toml", |text| {
        text + "\n[[step]]\nid = \"call\"\n[step.http]\nurl = \"http://169.254.169.254/latest\"\n"
    });
    let found = bench.json(&["lint"], 1);
    let refused = &found["live"][0];
    assert_eq!(refused["asked"], "step model-degradation/call");
    assert_eq!(refused["answer"], "169.254.169.254 is a link-local address: it is never connected to");
}

#[test]
fn a_peer_that_is_not_there_is_a_finding_of_lint_live_only() {
    let bench = Bench::sample();
    bench.edit("config/watchkeeper.toml", |text| {
        text.replace("notify = [\"mail-ml\"]", "notify = [\"mail-ml\", \"hook\"]")
            + "\n[channel.hook.webhook]\nurl = \"http://127.0.0.1:1/\"\n"
    });
    assert_eq!(bench.json(&["lint"], 0)["live"], serde_json::Value::Array(Vec::new()));
    let live = bench.json(&["lint", "--live", "--store"], 1)["live"].clone();
    let state = |asked: &str| live.as_array().expect("a list").iter().find(|row| row["asked"] == asked).cloned();
    assert_eq!(state("channel hook").expect("it is asked")["ok"], false);
    assert_eq!(state("store").expect("it is opened")["ok"], true);
}
