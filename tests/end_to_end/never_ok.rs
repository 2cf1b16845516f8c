//! What cannot be measured is never `ok`: nothing there, nothing in it, nothing to compare.

use serde_json::Value;

use crate::bench::Bench;

/// Checks `score` against `label` in rows of `hour,label,score`; gives the evaluation.
fn check(rows: Option<&str>) -> Value {
    let bench = Bench::sample();
    bench.edit("config/sources.toml", |text| {
        format!("{text}\n[source.fresh]\ntime_column = \"time\"\n[source.fresh.files]\npath = \"scores.csv\"\n")
    });
    bench.edit("config/monitors/loan-auc.toml", |text| {
        let text =
            text.replace("source = \"scored-loans\"", "source = \"fresh\"").replace("min_rows = 100", "min_rows = 1");
        text.replace("decision = \"y_pred\"", "")
            .replace("\"clf_target\"", "\"label\"")
            .replace("\"y_pred_proba\"", "\"score\"")
    });
    if let Some(rows) = rows {
        bench.edit("scores.csv", |_| rows.to_owned());
    }
    let output = bench.run(&["check", "loan-auc", "--at", "2026-03-02T00:00:00Z", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the evaluation is JSON")
}

fn assert_ends(evaluation: &Value, verdict: &str, reason: &str) {
    assert_eq!(evaluation["verdict"], verdict, "{evaluation:#}");
    let said = evaluation["error"].as_str().unwrap_or_default();
    assert!(said.contains(reason), "`{reason}` is not in `{said}`");
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    assert_ends(&check(None), "error", "scores.csv");
}

#[test]
fn no_rows_in_the_window_are_no_data() {
    let rows = "time,label,score\n2020-01-01T00:00:00Z,1,0.5\n";
    assert_ends(&check(Some(rows)), "no_data", "0 rows in the window");
}

#[test]
fn a_missing_column_is_an_error_that_names_it() {
    let rows = "time,label,probability\n2026-03-01T00:00:00Z,1,0.5\n";
    assert_ends(&check(Some(rows)), "error", "score");
}

#[test]
fn a_column_of_nulls_is_no_data() {
    let rows = "time,label,score\n2020-01-01T00:00:00Z,1,0.5\n2026-03-01T00:00:00Z,1,\n2026-03-01T01:00:00Z,0,\n";
    assert_ends(&check(Some(rows)), "no_data", "2 were skipped");
}

#[test]
fn one_class_is_no_data() {
    let rows = "time,label,score\n2026-03-01T00:00:00Z,1,0.5\n2026-03-01T01:00:00Z,1,0.7\n";
    assert_ends(&check(Some(rows)), "no_data", "both classes are needed");
}
