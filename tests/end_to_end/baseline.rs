//! Frozen baselines, through the binary: what is frozen stays, whatever becomes of the file it came from.

use std::fs;

use serde_json::Value;

use crate::bench::Bench;

const AT: [&str; 2] = ["--at", "2022-05-10T00:00:00Z"];
const REFERENCE: &str = "config/data/housing-reference.parquet";
const SCHEMA: &str = r#"
[monitor]
id = "loan-schema"
layer = "data"
owner = "ml-team"
runbook = "feature-drift"
[schedule]
cron = "0 0 * * *"
[input]
source = "scores"
[baseline]
source = "training-loans"
[check]
plugin = "schema"
[[threshold]]
metric = "schema_changes"
breach = { above = 100 }
"#;

fn bench() -> Bench {
    let bench = Bench::sample();
    bench.edit("config/monitors/loan-schema.toml", |_| SCHEMA.to_owned());
    bench
}

/// What a check measures, as JSON: numbers are printed so that no bit is lost.
fn series(bench: &Bench, monitor: &str) -> Value {
    bench.json(&[&["check", monitor], &AT[..]].concat(), 0)["series"].clone()
}

fn does(bench: &Bench, arguments: &[&str]) -> (Option<i32>, String) {
    let output = bench.run(arguments);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_frozen_baseline_is_not_read_again() {
    let bench = bench();
    let monitors = ["loan-drift", "loan-schema"];
    let before = monitors.map(|monitor| series(&bench, monitor));
    assert!(before.iter().all(|series| !series.as_array().expect("a list").is_empty()), "{before:?}");
    for monitor in monitors {
        let (code, said) = does(&bench, &["baseline", "freeze", monitor, "--by", "an operator"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("training-loans, 5832 rows"), "{said}");
    }
    fs::remove_file(bench.path().join(REFERENCE)).expect("the file is removed");
    assert_eq!(monitors.map(|monitor| series(&bench, monitor)), before);

    let shown = bench.json(&["baseline", "show", "loan-drift"], 1);
    assert_eq!((&shown["state"], &shown["by"]), (&"moved".into(), &"an operator".into()));
    assert!(shown["moved"].as_str().expect("how").contains("cannot be read"), "{shown}");
    assert_eq!(shown["fingerprint"]["rows"], 5832);
    let moved = bench.json(&["status"], 0)["moved_baselines"].clone();
    assert_eq!(moved.as_array().map(Vec::len), Some(2), "{moved}");
}

#[test]
fn without_freezing_the_file_is_needed() {
    let bench = bench();
    fs::remove_file(bench.path().join(REFERENCE)).expect("the file is removed");
    let found = bench.json(&[&["check", "loan-drift"], &AT[..]].concat(), 1);
    assert_eq!(found["verdict"], "error");
    assert!(found["error"].as_str().expect("a reason").starts_with("the baseline: "), "{found}");
}

#[test]
fn data_that_moved_is_reported_and_taken_only_by_refresh() {
    let bench = bench();
    let reference = bench.path().join(REFERENCE);
    let before = series(&bench, "loan-drift");
    assert_eq!(does(&bench, &["baseline", "freeze", "loan-drift"]).0, Some(0));

    let bytes = fs::read(&reference).expect("the file is read");
    fs::write(&reference, bytes).expect("the same bytes are written");
    assert_eq!(bench.json(&["baseline", "show", "loan-drift"], 0)["state"], "frozen", "the same rows are no change");

    fs::copy(bench.path().join("config/data/housing-scores.parquet"), &reference).expect("other rows");
    assert_eq!(series(&bench, "loan-drift"), before);
    let (code, said) = does(&bench, &["baseline", "show", "loan-drift"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("MOVED since it was frozen: 8232 rows instead of 5832"), "{said}");
    assert!(said.contains("watchkeeper baseline refresh loan-drift"), "{said}");
    let (code, said) = does(&bench, &["baseline", "freeze", "loan-drift"]);
    assert_eq!(code, Some(2), "what is frozen is not replaced by freezing again: {said}");

    assert_eq!(does(&bench, &["baseline", "refresh", "loan-drift"]).0, Some(0));
    assert_ne!(series(&bench, "loan-drift"), before);
    assert_eq!(bench.json(&["baseline", "show", "loan-drift"], 0)["fingerprint"]["rows"], 8232);
    let (code, record) = does(&bench, &["ledger", "export"]);
    assert_eq!(code, Some(0));
    assert!(record.contains("baseline.frozen") && record.contains("baseline.refreshed"), "{record}");
}

#[test]
fn the_first_tick_freezes_what_it_was_judged_with() {
    let bench = bench();
    assert_eq!(bench.json(&["baseline", "show", "loan-drift"], 0)["state"], "not_frozen");
    let period = ["--from", "2021-08-02T00:00:00Z", "--to", "2021-08-02T12:00:00Z"];
    let (code, said) = does(&bench, &[&["simulate", "--execute"], &period[..]].concat());
    assert_eq!(code, Some(0), "{said}");
    let shown = bench.json(&["baseline", "show", "loan-drift"], 0);
    assert_eq!((&shown["state"], &shown["by"]), (&"frozen".into(), &"watchkeeper".into()));
    let (code, said) = does(&bench, &["baseline", "freeze", "loan-auc"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("no fixed baseline"), "{said}");
}
