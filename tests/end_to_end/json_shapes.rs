//! What `--json` prints has the keys that `docs/src/cli.md` documents, all of them and no other.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::bench::{Bench, repository};

const PERIOD: [&str; 4] = ["--from", "2021-09-03T00:00:00Z", "--to", "2021-09-04T00:00:00Z"];

/// The example under a heading.
fn documented(heading: &str) -> Value {
    let page = fs::read_to_string(repository().join("docs/src/cli.md")).expect("the page is there");
    let (_, section) = page.split_once(&format!("\n## `{heading}`\n")).expect(heading);
    let (_, example) = section.split_once("```json\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    serde_json::from_str(example).expect("the example is JSON")
}

/// Every key with the way to it; what is keyed by data ends there.
fn keys(value: &Value, way: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => entries.iter().for_each(|(key, value)| {
            let way = format!("{way}.{key}");
            if !matches!(key.as_str(), "labels" | "group" | "rows") {
                keys(value, &way, found);
            }
            found.insert(way);
        }),
        Value::Array(items) => items.iter().for_each(|item| keys(item, &format!("{way}[]"), found)),
        _ => {}
    }
}

fn shape(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    keys(value, "", &mut found);
    found
}

fn lines(bench: &Bench, arguments: &[&str]) -> Vec<Value> {
    let output = bench.run(arguments);
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// A workspace with an open incident, a hold, a message that is tried again and a frozen baseline whose data moved.
fn eventful() -> Bench {
    let bench = Bench::sample();
    bench.edit("config/watchkeeper.toml", |text| {
        // Nobody listens on this port, so the message waits.
        text.replace("notify = [\"mail-ml\"]", "notify = [\"mail-ml\", \"hook\"]")
            + "\n[channel.hook.webhook]\nurl = \"http://127.0.0.1:1/\"\n"
    });
    let breach = ["--from", "2021-09-03T00:00:00Z", "--to", "2021-09-03T00:00:00Z"];
    assert!(bench.run(&[&["simulate", "--execute"], &breach[..]].concat()).status.success());
    assert!(bench.run(&["baseline", "freeze", "loan-drift"]).status.success());
    let data = |file: &str| bench.path().join("config/data").join(file);
    fs::copy(data("housing-scores.parquet"), data("housing-reference.parquet")).expect("the data is replaced");
    assert!(bench.run(&["hold", "--reason", "maintenance", "--by", "on-call"]).status.success());
    bench
}

#[test]
fn every_listing_prints_the_documented_keys_and_no_other() {
    let bench = eventful();
    let incident = bench.json(&["incidents"], 0)[0]["id"].as_str().expect("an id").to_owned();
    let cases = [
        ("check --json", bench.json(&["check", "loan-auc", "--at", "2021-09-03"], 1)),
        ("status --json", bench.json(&["status"], 0)),
        ("incidents --json", bench.json(&["incidents"], 0)),
        ("incidents show --json", bench.json(&["incidents", "show", &incident], 0)),
        ("handoffs --json", bench.json(&["handoffs"], 0)),
        ("gates --json", bench.json(&["gates"], 0)),
        ("baseline show --json", bench.json(&["baseline", "show", "loan-drift"], 1)),
        ("ledger verify --json", bench.json(&["ledger", "verify"], 0)),
        ("store status --json", bench.json(&["store", "status"], 0)),
        ("store check --json", bench.json(&["store", "check"], 0)),
        ("replay --json", bench.json(&["replay", "loan-auc"], 0)),
        ("plugin inspect --json", bench.json(&["plugin", "inspect", "null-rate"], 0)),
    ];
    for (heading, printed) in cases {
        assert_eq!(shape(&printed), shape(&documented(heading)), "{heading}");
    }
    let ticks = lines(&bench, &[&["backtest", "loan-auc", "--json"], &PERIOD[..]].concat());
    assert_eq!(ticks.len(), 2);
    for tick in ticks {
        assert_eq!(shape(&tick), shape(&documented("backtest --json")));
    }
    for row in lines(&bench, &["ledger", "export"]) {
        assert_eq!(shape(&row), shape(&documented("ledger export")));
    }
}

#[test]
fn a_state_is_a_word_with_everybody_who_answered_beside_it() {
    let bench = eventful();
    let id = bench.json(&["incidents"], 0)[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(bench.json(&["status"], 0)["incidents"][0]["state"], "open");
    assert!(bench.run(&["ack", &id, "--by", "ana"]).status.success());
    let again = bench.run(&["ack", &id, "--by", "ben"]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("was acknowledged before, by ana at "));
    assert!(bench.run(&["resolve", &id, "--by", "ben"]).status.success());
    let over = &bench.json(&["incidents", "--all"], 0)[0];
    assert_eq!(
        (&over["state"], &over["acknowledged_by"], &over["resolved_by"]),
        (&"resolved".into(), &"ana".into(), &"ben".into())
    );
    assert!(over["acknowledged_at"].is_string() && over["resolved_at"].is_string(), "{over}");
}
