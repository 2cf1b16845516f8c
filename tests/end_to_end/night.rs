//! What people do at three in the morning works while the configuration is broken.

use std::process::Output;

use crate::bench::Bench;

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The sample with an open incident, and then a mistake in a file.
fn broken(file: &str, mistake: &str) -> Bench {
    let bench = Bench::sample();
    let period = ["--from", "2021-09-03T00:00:00Z", "--to", "2021-09-03T00:00:00Z"];
    assert!(bench.run(&[&["simulate", "--execute"], &period[..]].concat()).status.success());
    bench.edit(file, |text| text + mistake);
    bench
}

#[test]
fn every_command_of_the_night_goes_on_with_one_line_of_warning() {
    let bench = broken("config/watchkeeper.toml", "\n[team.x\n");
    let incident = bench.json(&["incidents"], 0)[0]["id"].as_str().expect("an id").to_owned();
    let commands: [&[&str]; 9] = [
        &["status"],
        &["incidents"],
        &["ack", &incident],
        &["handoffs"],
        &["gates"],
        &["hold", "--monitor", "loan-auc"],
        &["release", "--monitor", "loan-auc"],
        &["resolve", &incident],
        &["ledger", "verify"],
    ];
    for command in commands {
        let (code, _, warned) = said(&bench.run(command));
        assert_eq!(code, Some(0), "{command:?}: {warned}");
        assert_eq!(warned.lines().count(), 1, "{command:?}: {warned}");
        assert!(
            warned.starts_with("warning: the configuration has mistakes (`watchkeeper lint` tells them)"),
            "{warned}"
        );
    }
    let (code, _, refused) = said(&bench.run(&["settle", "ff", "pause", "done"]));
    assert_eq!(code, Some(2), "it is looked for in the store: {refused}");
    assert!(refused.contains("there is no run ff"), "{refused}");
}

#[test]
fn a_gate_that_cannot_be_read_is_paused_with_a_warning_and_a_typo_is_not() {
    let bench = broken("config/watchkeeper.toml", "\n[team.x\n");
    let (code, _, warned) = said(&bench.run(&["pause", "card-decisions"]));
    assert_eq!(code, Some(0), "{warned}");
    assert!(warned.contains("warning: no gate `card-decisions` can be read"), "{warned}");
    assert!(bench.json(&["gates"], 0).as_array().expect("a list").iter().any(|gate| gate["name"] == "card-decisions"));

    let elsewhere = broken("config/monitors/loan-auc.toml", "\nowner = 3\n");
    let (code, _, refused) = said(&elsewhere.run(&["pause", "loan-decision"]));
    assert_eq!(code, Some(2), "the gates are all known: {refused}");
    assert!(refused.contains("did you mean `loan-decisions`?"), "{refused}");
    let status = elsewhere.json(&["status"], 0);
    let row = &status["monitors"][0];
    assert_eq!((&row["monitor"], &row["verdict"], row["next"].is_null()), (&"loan-auc".into(), &"breach".into(), true));
}

#[test]
fn without_a_store_a_broken_configuration_is_told_whole_and_nothing_is_made() {
    let bench = Bench::sample();
    bench.edit("config/watchkeeper.toml", |text| text + "\n[team.x\n");
    let (code, _, told) = said(&bench.run(&["pause", "loan-decisions"]));
    assert_eq!(code, Some(2));
    assert!(told.contains("config/watchkeeper.toml:"), "{told}");
    assert!(!bench.path().join("state").exists(), "no second store is made beside the real one");
}

#[test]
fn no_plugin_is_asked() {
    let bench = Bench::sample();
    bench.edit("config/monitors/loan-auc.toml", |text| text.replace("\"classification\"", "\"nowhere\""));
    let (code, shown, warned) = said(&bench.run(&["status"]));
    assert_eq!((code, warned.as_str()), (Some(0), ""), "{warned}");
    assert!(shown.contains("loan-auc"), "{shown}");
}
