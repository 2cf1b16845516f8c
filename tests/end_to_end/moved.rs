//! Nothing that moved is `ok`, through the binary.

use std::fs;

use serde_json::Value;

use crate::bench::Bench;

const AT: &str = "2024-02-01T00:00:00Z";

fn monitor(check: &str, input: &str, rest: &str) -> String {
    format!(
        "[monitor]\nid = \"watched\"\nlayer = \"data\"\nowner = \"ml-team\"\nrunbook = \"feature-drift\"\n[schedule]\n\
         cron = \"0 0 * * *\"\n[input]\nsource = \"rows\"\n{input}\n[check]\nplugin = \"{check}\"\n{rest}"
    )
}

/// A source `rows` over files in `rows/`, and one monitor.
fn bench(files: &[(&str, &str)], time_column: bool, monitor: String) -> Bench {
    let bench = Bench::sample();
    for (name, text) in files {
        bench.edit(&format!("rows/{name}"), |_| (*text).to_owned());
    }
    bench.edit("config/sources.toml", |text| {
        let time = if time_column { "time_column = \"at\"\n" } else { "" };
        format!("{text}\n[source.rows]\n{time}[source.rows.files]\npath = \"rows/*\"\n")
    });
    bench.edit("config/monitors/watched.toml", |_| monitor);
    bench
}

fn found(bench: &Bench) -> Value {
    let output = bench.run(&["check", "watched", "--at", AT, "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_column_that_is_gone_or_retyped_in_the_newest_file_is_a_breach_of_the_schema() {
    let before = "at,income\n2024-01-01T06:00:00Z,1.5\n2024-01-02T06:00:00Z,2.5\n";
    for (name, now, change) in [
        ("gone", "at\n2024-01-31T06:00:00Z\n", "removed"),
        ("retyped", "at,income\n2024-01-31T06:00:00Z,much\n", "retyped"),
    ] {
        let range = "[baseline]\nsource = \"rows\"\nfrom = \"2024-01-01T00:00:00Z\"\nto = \"2024-01-10T00:00:00Z\"\n";
        let threshold = "[[threshold]]\nmetric = \"schema_changes\"\nbreach = { above = 0 }\n";
        let rest = format!("{range}{threshold}");
        let bench = bench(&[("a.csv", before), ("b.csv", now)], true, monitor("schema", "window = \"2d\"", &rest));
        let found = found(&bench);
        assert_eq!(found["verdict"], "breach", "{name}: {found}");
        assert!(found["series"].to_string().contains(change), "{name}: {found}");
    }
}

#[test]
fn a_named_series_that_is_not_there_is_no_data_by_name() {
    let threshold =
        "[[threshold]]\nmetric = \"null_rate\"\nlabels = { column = [\"income\"] }\nbreach = { above = 0.05 }\n";
    let rows = "at,earnings\n2024-01-31T06:00:00Z,1.5\n";
    let bench = bench(&[("a.csv", rows)], true, monitor("null-rate", "window = \"2d\"", threshold));
    let found = found(&bench);
    assert_eq!(found["verdict"], "no_data", "{found}");
    assert!(found["error"].as_str().expect("a reason").contains("null_rate{column=\"income\"}"), "{found}");
}

#[test]
fn the_line_that_makes_a_text_of_a_column_is_named() {
    let mut rows = String::from("at,income\n");
    (0..8_110).for_each(|row| rows.push_str(&format!("2024-01-31T06:00:00Z,{row}\n")));
    rows.push_str("2024-01-31T06:00:00Z,n/k\n2024-01-31T06:00:00Z,3\n");
    let rest =
        "[check.params]\ncolumn = \"income\"\n[[threshold]]\nmetric = \"latency_ms\"\nbreach = { above = 9e9 }\n";
    let bench = bench(&[("a.csv", &rows)], true, monitor("latency", "window = \"2d\"", rest));
    let found = found(&bench);
    assert_eq!(found["verdict"], "error", "{found}");
    let error = found["error"].as_str().expect("a reason");
    assert!(
        error.contains("column `income` of ") && error.contains("rows/a.csv is text: line 8,112 of it holds `n/k`"),
        "{error}"
    );
}

#[test]
fn what_cannot_change_promises_no_other_try() {
    let rows = "{\"at\": \"2024-01-31T06:00:00Z\", \"ms\": 1}\n{\"at\": \"2024-01-31T06:00:00Z\", \"ms\": \"soon\"}\n";
    let rest = "[check.params]\ncolumn = \"ms\"\n[[threshold]]\nmetric = \"latency_ms\"\nbreach = { above = 9e9 }\n";
    let bench = bench(&[("a.jsonl", rows)], true, monitor("latency", "window = \"2d\"", rest));
    let error = found(&bench)["error"].as_str().expect("a reason").to_owned();
    assert!(!error.contains("another try") && !error.contains("next tick"), "{error}");
    assert!(error.contains("line 2 of it holds `soon`") || error.contains("line 1 of it holds `1`"), "{error}");
}

/// PSI of three windows, before the baseline was frozen and after it was, without its file.
fn frozen(before: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let column = |rows: &[f64]| rows.iter().fold("x\n".to_owned(), |text, x| format!("{text}{x}\n"));
    let params = "[check.params]\nprofile = \"evidently\"\ncolumns = [\"x\"]\n[baseline]\nsource = \"before\"\n\
                  [[threshold]]\nmetric = \"psi\"\nbreach = { above = 9e9 }\n";
    let bench = bench(&[("a.csv", &column(before))], false, monitor("drift", "", params));
    bench.edit("before.csv", |_| column(before));
    bench.edit("config/sources.toml", |text| format!("{text}\n[source.before.files]\npath = \"before.csv\"\n"));
    let windows: Vec<Vec<f64>> =
        (1..4).map(|shift| before.iter().map(|x| x + f64::from(shift) * 7.3).collect()).collect();
    let psi = |window: &Vec<f64>| {
        bench.edit("rows/a.csv", |_| column(window));
        let found = found(&bench);
        assert_eq!(found["verdict"], "ok", "{found}");
        found["series"][0]["value"].as_f64().expect("a number")
    };
    let wanted: Vec<f64> = windows.iter().map(psi).collect();
    let frozen = bench.run(&["baseline", "freeze", "watched", "--by", "an operator"]);
    assert!(frozen.status.success(), "{}", String::from_utf8_lossy(&frozen.stderr));
    fs::remove_file(bench.path().join("before.csv")).expect("removed");
    let kept = windows.iter().map(psi).collect();
    assert!(wanted.iter().all(|psi| *psi > 0.05), "{wanted:?}");
    (wanted, kept)
}

#[test]
fn a_frozen_baseline_draws_equal_bins_over_any_window_when_its_file_is_gone() {
    let few: Vec<f64> = (0..400).map(|row| f64::from(row * 37 % 400) / 4.0).collect();
    let (wanted, kept) = frozen(&few);
    assert_eq!(kept, wanted);
    // Of very many values a few thousand quantiles are kept.
    let many: Vec<f64> = (0..20_000).map(|row| f64::from(row * 37 % 20_000) / 200.0).collect();
    let (wanted, kept) = frozen(&many);
    assert!(
        kept.iter().zip(&wanted).all(|(kept, wanted)| (kept - wanted).abs() <= 0.01 * wanted),
        "{kept:?} {wanted:?}"
    );
}
