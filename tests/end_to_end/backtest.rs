//! The golden numbers, through the binary: 330 daily ticks of the housing classifier.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bench::Bench;

/// scikit-learn's `roc_auc_score` on the same windows.
const BREACHES: &[(&str, f64)] = &[
    ("2021-09-03", 0.592603),
    ("2021-09-05", 0.572882),
    ("2021-09-06", 0.564640),
    ("2021-09-13", 0.596976),
    ("2021-11-26", 0.583048),
    ("2021-11-27", 0.564910),
    ("2021-11-28", 0.529569),
    ("2021-11-29", 0.563282),
];

/// Every tick's `auc` and verdict, by day.
fn ticks() -> BTreeMap<String, (f64, String)> {
    let bench = Bench::sample();
    let period = ["--from", "2021-06-15T00:00:00Z", "--to", "2022-05-10T00:00:00Z"];
    let output = bench.run(&[&["backtest", "loan-auc", "--json"], &period[..]].concat());
    let text = String::from_utf8(output.stdout).expect("the output is text");
    let tick = |line: &str| {
        let tick: Value = serde_json::from_str(line).expect("each line is one object");
        assert_eq!(tick["window"]["rows"], 336, "{tick}");
        let day = tick["at"].as_str().expect("a time")[..10].to_owned();
        let series = tick["series"].as_array().expect("series");
        let auc = series.iter().find(|series| series["metric"] == "auc").expect("an auc");
        let verdict = tick["verdict"].as_str().expect("a verdict").to_owned();
        (day, (auc["value"].as_f64().expect("a number"), verdict))
    };
    text.lines().map(tick).collect()
}

fn near(value: f64, golden: f64) -> bool {
    ((value - golden) / golden).abs() < 1e-9
}

#[test]
fn aucs_agree_with_scikit_learn_and_breach_on_exactly_eight_days() {
    let ticks = ticks();
    assert_eq!(ticks.len(), 330);
    assert!(near(ticks["2021-06-15"].0, 0.9469150521609537), "first: {}", ticks["2021-06-15"].0);
    assert!(near(ticks["2022-05-10"].0, 0.9593529251063497), "last: {}", ticks["2022-05-10"].0);
    assert!(near(ticks["2021-11-28"].0, 0.5295686414891713), "lowest: {}", ticks["2021-11-28"].0);
    let breaches: Vec<_> = ticks.iter().filter(|(_, (_, verdict))| verdict == "breach").collect();
    let days: Vec<&str> = breaches.iter().map(|(day, _)| day.as_str()).collect();
    assert_eq!(days, BREACHES.iter().map(|(day, _)| *day).collect::<Vec<_>>());
    for ((day, (auc, _)), (_, golden)) in breaches.iter().zip(BREACHES) {
        assert!((auc - golden).abs() < 5e-7, "{day}: {auc} instead of {golden}");
    }
    assert!(ticks.values().all(|(_, verdict)| verdict == "ok" || verdict == "breach"));
}

#[test]
fn psi_agrees_with_the_golden_values() {
    let golden = [
        ("MedInc", 0.037860),
        ("HouseAge", 0.081212),
        ("AveRooms", 0.027077),
        ("AveBedrms", 0.002512),
        ("Population", 0.004356),
        ("AveOccup", 0.055772),
        ("Latitude", 3.754169),
        ("Longitude", 5.151332),
        ("y_pred_proba", 0.375374),
    ];
    let bench = Bench::sample();
    bench.edit("config/monitors/loan-drift.toml", |text| {
        let names: Vec<String> = golden.iter().map(|(name, _)| format!("{name:?}")).collect();
        let columns = r#"["MedInc", "HouseAge", "AveOccup", "y_pred_proba"]"#;
        text.replace(columns, &format!("[{}]", names.join(", "))).replace("window = \"28d\"\n", "")
    });
    let found = bench.json(&["check", "loan-drift", "--at", "2022-05-10T00:00:00Z"], 0);
    for (column, psi) in golden {
        let series = found["series"].as_array().expect("series");
        let series = series.iter().find(|series| series["labels"]["column"] == column).expect("every column");
        let value = series["value"].as_f64().expect("a number");
        assert!((value - psi).abs() < 5e-7, "{column}: {value} instead of {psi}");
    }
}
