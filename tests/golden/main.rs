//! Every metric of every standard check, through the binary, against the numbers of other people's libraries.
//!
//! `golden.json` is written by `cargo xtask golden` and says itself which versions computed it.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

mod golden;
mod workspace;

use std::collections::BTreeMap;

use golden::{Case, Ended};
use serde_json::Value;
use workspace::Workspace;

/// The difference that is allowed, relative to the golden value; an expected 0 must be 0.
const RELATIVE: f64 = 1e-9;

/// Runs every case; one backtest of all monitors for each tick.
fn run(cases: &[Case]) -> BTreeMap<String, Ended> {
    let workspace = Workspace::of(cases);
    let mut ticks: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for case in cases {
        let begins = case.begins.as_ref().unwrap_or(&case.at);
        ticks.entry((begins, &case.at)).or_default().push(&case.name);
    }
    ticks.into_iter().flat_map(|((begins, at), monitors)| workspace.backtest(&monitors, begins, at)).collect()
}

/// What differs between an expected and a found ending; nothing when they agree.
fn differences(case: &Case, found: &Ended) -> Vec<String> {
    let mut differences = Vec::new();
    if found.verdict != case.ended.verdict {
        differences.push(format!("{} ({:?}) instead of {}", found.verdict, found.reason, case.ended.verdict));
    }
    let reason = found.reason.as_deref().unwrap_or_default();
    if let Some(expected) = case.ended.reason.as_deref().filter(|expected| !reason.contains(*expected)) {
        differences.push(format!("the reason is {reason:?}, without {expected:?}"));
    }
    for (series, expected) in &case.ended.series {
        match found.series.get(series) {
            Some(value) if (value - expected).abs() <= RELATIVE * expected.abs() => {}
            other => differences.push(format!("{series} is {other:?} instead of {expected:?}")),
        }
    }
    let surplus = found.series.keys().filter(|series| !case.ended.series.contains_key(*series));
    differences.extend(surplus.map(|series| format!("{series} is not expected")));
    differences
}

#[test]
fn every_metric_of_every_check_agrees_with_its_reference() {
    let cases = golden::cases();
    let found = run(&cases);
    assert_eq!(found.len(), cases.len(), "every case was run");
    let mut wrong = Vec::new();
    for case in &cases {
        let ended = &found[&case.name];
        wrong.extend(differences(case, ended).into_iter().map(|difference| format!("{}: {difference}", case.name)));
    }
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn every_check_has_numbers_no_data_and_errors_among_its_cases() {
    let cases = golden::cases();
    let checks: Vec<&str> = cases.iter().map(|case| case.check.as_str()).collect();
    for check in workspace::standard_checks() {
        assert!(checks.contains(&check.as_str()), "{check} has no golden case");
        let verdicts: Vec<&str> =
            cases.iter().filter(|case| case.check == check).map(|case| case.ended.verdict.as_str()).collect();
        assert!(verdicts.contains(&"ok") && verdicts.contains(&"error"), "{check}: {verdicts:?}");
        // A table without rows has columns all the same.
        assert!(check == "schema" || verdicts.contains(&"no_data"), "{check}: {verdicts:?}");
    }
}

#[test]
fn the_golden_file_says_what_computed_it() {
    let requirements = include_str!("requirements.txt");
    let golden: Value = serde_json::from_str(golden::TEXT).expect("the golden file is JSON");
    let pinned = requirements.lines().filter_map(|line| line.split_once("=="));
    let pinned: Vec<_> = pinned.collect();
    assert!(!pinned.is_empty());
    for (package, version) in pinned {
        assert_eq!(golden["made_with"][package], version, "{package}: run `cargo xtask golden`");
    }
}
