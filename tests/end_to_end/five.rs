//! The shipped workspace, whole: every failure mode breaches, acts, tells its owner, hands off and recovers.

use std::fs;

use mail_parser::{HeaderName, MessageParser};
use serde_json::Value;

use crate::bench::{Bench, repository};

/// What the sample data opens: monitor, owner, when, first step, its action and outcome, and when it recovered.
const INCIDENTS: [&str; 12] = [
    "application-drift ml-team 2022-03-07T00:00:00Z pause gate done 2022-04-11T00:00:00Z",
    "application-freshness data-engineering 2021-08-11T00:00:00Z load exec done 2021-08-11T12:00:00Z",
    "application-nulls data-owner 2021-07-21T03:00:00Z pause gate done 2021-07-23T03:00:00Z",
    "approval-rate business-analysts 2021-12-09T06:00:00Z pause gate done 2021-12-20T06:00:00Z",
    "batch-schema data-engineering 2021-07-06T02:00:00Z verify exec done 2021-07-08T02:00:00Z",
    "loan-auc ml-team 2021-09-03T00:00:00Z pause gate done 2021-09-15T00:00:00Z",
    "loan-auc ml-team 2021-11-26T00:00:00Z pause gate done 2021-12-02T00:00:00Z",
    "loss-rmse ml-team 2021-10-03T00:00:00Z compare exec done 2021-10-25T00:00:00Z",
    "portfolio-volatility business-analysts 2022-01-17T19:00:00Z pause gate done 2022-02-18T19:00:00Z",
    "scoring-errors platform-on-call 2021-11-10T00:00:00Z restart exec done 2021-11-12T00:00:00Z",
    "scoring-jobs platform-on-call 2021-11-10T00:00:00Z restart exec done 2021-11-18T00:00:00Z",
    "scoring-latency platform-on-call 2021-10-19T06:00:00Z restart exec done 2021-10-19T18:00:00Z",
];

fn simulate(bench: &Bench, from: &str, to: &str) {
    let output = bench.run(&["simulate", "--execute", "--from", from, "--to", to]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A handoff as a line of [`INCIDENTS`].
fn line(handoff: &Value) -> String {
    let step = &handoff["first_step"];
    let facts = [&handoff["monitor"], &handoff["owner"], &handoff["opened_at"], &step["step"], &step["action"]];
    let facts = facts.into_iter().chain([&step["outcome"], &handoff["resolved_at"]]);
    facts.map(|fact| fact.as_str().unwrap_or("nothing")).collect::<Vec<_>>().join(" ")
}

/// The subjects of all mail, each after its receivers.
fn mail(bench: &Bench) -> Vec<String> {
    let entries = fs::read_dir(bench.path().join("state/mail")).expect("mail has landed");
    let raw = entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a mail"));
    raw.map(|raw| {
        let mail = MessageParser::default().parse(&raw).expect("an independent parser reads it");
        let to = mail.header_raw(HeaderName::To).unwrap_or_default().trim().to_owned();
        format!("{to}: {}", mail.subject().unwrap_or_default())
    })
    .collect()
}

/// What the step that writes an issue wrote for a monitor's incident.
fn issue(bench: &Bench, monitor: &str) -> String {
    let handoffs = bench.json(&["handoffs"], 0);
    let of = |handoff: &&Value| handoff["monitor"] == monitor;
    let handoff = handoffs.as_array().expect("a list").iter().find(of).expect(monitor);
    let incident = handoff["incident"].as_str().expect("an id");
    fs::read_to_string(bench.path().join(format!("state/issues/{incident}.md"))).expect("the issue is written")
}

fn assert_owners_were_told(mail: &[String]) {
    for (address, monitor) in [
        ("data-engineering@example.com", "batch-schema"),
        ("data-owner@example.com", "application-nulls"),
        ("ml@example.com", "loss-rmse"),
        ("platform@example.com", "scoring-latency"),
        ("product-owner@example.com", "approval-rate"),
    ] {
        let breach = format!("{monitor} in breach");
        assert!(mail.iter().any(|one| one.contains(address) && one.contains(&breach)), "{address}: {mail:#?}");
    }
}

#[test]
fn every_failure_mode_acts_tells_its_owner_hands_off_and_recovers() {
    let bench = Bench::workspace();
    simulate(&bench, "2021-06-15T00:00:00Z", "2022-05-10T00:00:00Z");

    let handoffs = bench.json(&["handoffs"], 0);
    let handoffs = handoffs.as_array().expect("a list");
    let mut lines: Vec<String> = handoffs.iter().map(line).collect();
    lines.sort();
    assert_eq!(lines, INCIDENTS);
    for handoff in handoffs {
        let sent = handoff["notifications"].as_array().expect("a list");
        assert!(!sent.is_empty() && sent.iter().all(|one| one["outcome"] == "sent"), "{handoff}");
        assert!(handoff["handed_off_at"].is_string(), "{handoff}");
    }

    assert_owners_were_told(&mail(&bench));
    let gates = bench.json(&["gates"], 0);
    assert!(gates.as_array().expect("a list").iter().all(|gate| gate["state"] == "paused"), "{gates}");
    let started = fs::read_to_string(bench.path().join("state/started.log")).expect("jobs were started");
    assert_eq!(started.matches(" scoring, for incident ").count(), 3, "{started}");
    assert!(issue(&bench, "batch-schema").contains("schema_change{column=\"region\"} 1 (breach"));
    assert!(issue(&bench, "loss-rmse").contains("# rmse is 58.2"));
    assert!(bench.run(&["ledger", "verify"]).status.success());
}

#[test]
fn a_changed_table_is_told_column_by_column_and_resolves_when_it_is_put_right() {
    let bench = Bench::workspace();
    let data = |file: &str| bench.path().join("config/data").join(file);
    let (table, kept) = (data("applications.parquet"), data("applications-kept.parquet"));
    fs::copy(&table, &kept).expect("the table is kept");
    fs::copy(data("applications-drifted.parquet"), &table).expect("the table changes");
    simulate(&bench, "2021-07-06T02:00:00Z", "2021-07-06T02:00:00Z");
    let issue = issue(&bench, "application-schema");
    let changes = "retyped income (Int32 -> Utf8), removed region (Utf8), added channel (Utf8)";
    assert!(issue.contains(changes), "{issue}");

    fs::copy(&kept, &table).expect("the table is put right");
    simulate(&bench, "2021-07-07T02:00:00Z", "2021-07-07T02:00:00Z");
    let lines: Vec<String> = bench.json(&["handoffs"], 0).as_array().expect("a list").iter().map(line).collect();
    let expected = "application-schema data-engineering 2021-07-06T02:00:00Z verify exec done 2021-07-07T02:00:00Z";
    assert!(lines.iter().any(|line| line == expected), "{lines:#?}");
}

#[test]
fn the_workspace_has_no_mistake_and_a_page_that_names_all_of_it() {
    let bench = Bench::workspace();
    let found = bench.json(&["lint"], 0);
    assert_eq!(found["diagnostics"], Value::Array(Vec::new()), "{found:#}");
    let page = fs::read_to_string(repository().join("docs/src/workspace.md")).expect("the page is there");
    for folder in ["config/monitors", "runbooks"] {
        for entry in fs::read_dir(bench.path().join(folder)).expect("the folder is read") {
            let name = entry.expect("an entry").file_name().into_string().expect("a name");
            let Some(stem) = name.strip_suffix(".toml") else { continue };
            assert!(page.contains(&format!("`{stem}`")), "{folder}/{name} is not on the page");
        }
    }
}
