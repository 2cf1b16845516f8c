//! Plugins that run away, break or forge, each in a monitor of its own beside a good one, under the daemon.

use std::{collections::BTreeMap, fs};

use serde_json::Value;
use watchkeeper_testkit::guests;

use crate::{
    bench::Bench,
    minutely::{monitor, run_until_three_minutes_ago},
};

/// What an author reads of each, in the incident that the failing check opens.
const SAID: [(&str, &str); 6] = [
    ("endless", "ran past its deadline of 1s: let it read less, or raise the check's `timeout`"),
    ("bomb", "needs more memory than its limit of 256 MiB: let it keep less, or raise the check's `memory`"),
    ("deep", "overflowed its stack of 512 KiB"),
    ("trap", "trapped: wasm `unreachable` instruction executed"),
    ("wasi", "imports `wasi:cli/environment@0.2.0`, which is not allowed"),
    ("garbage", "is not a WebAssembly component"),
];

/// One good monitor, six hostile ones and one that runs for longer than the test, all due every minute.
fn hostile_workspace() -> Bench {
    let bench = Bench::sample();
    fs::remove_dir_all(bench.path().join("config/monitors")).expect("the sample's monitors go");
    let components = [
        ("endless", guests::endless()),
        ("bomb", guests::memory_bomb()),
        ("deep", guests::deep()),
        ("trap", guests::panicking()),
        ("wasi", guests::importing_wasi()),
        ("garbage", b"MZ\x90\x00 garbage".to_vec()),
    ];
    fs::create_dir(bench.path().join("checks")).expect("a folder for plugins");
    for (id, wasm) in components {
        fs::write(bench.path().join(format!("checks/{id}.wasm")), wasm).expect("the plugin is written");
        monitor(&bench, id, &format!("plugin = \"checks/{id}.wasm\"\ntimeout = \"1s\"\n"));
    }
    monitor(&bench, "runaway", "plugin = \"checks/endless.wasm\"\ntimeout = \"10m\"\n");
    monitor(&bench, "good", "plugin = \"null-rate\"\n[check.params]\ncolumns = [\"MedInc\"]\n");
    bench
}

/// The last verdict of every monitor on a tick after `since`.
fn verdicts_after(bench: &Bench, since: &str) -> BTreeMap<String, String> {
    let status = bench.json(&["status"], 0);
    let monitors = status["monitors"].as_array().expect("a list").iter();
    let text = |monitor: &Value, key: &str| monitor[key].as_str().unwrap_or_default().to_owned();
    let fresh = monitors.filter(|monitor| text(monitor, "at").as_str() > since);
    fresh.map(|monitor| (text(monitor, "monitor"), text(monitor, "verdict"))).collect()
}

#[test]
fn hostile_plugins_end_as_errors_and_the_others_keep_their_schedule() {
    let bench = hostile_workspace();
    fs::rename(bench.path().join("config/monitors/runaway.toml"), bench.path().join("runaway")).expect("kept aside");
    let since = run_until_three_minutes_ago(&bench);
    fs::rename(bench.path().join("runaway"), bench.path().join("config/monitors/runaway.toml")).expect("put back");

    let _daemon = bench.daemon();
    let verdicts = (0..600).map(|_| verdicts_after(&bench, &since)).find(|verdicts| verdicts.len() == SAID.len() + 1);
    let mut expected: BTreeMap<String, String> = SAID.iter().map(|(id, _)| ((*id).into(), "error".into())).collect();
    expected.insert("good".into(), "ok".into());
    assert_eq!(verdicts, Some(expected), "{:#}", bench.json(&["status"], 0));

    let incidents = bench.json(&["incidents"], 0);
    for (id, said) in SAID {
        let of = |incident: &&Value| incident["monitor"] == id;
        let incident = incidents.as_array().expect("a list").iter().find(of).expect(id);
        assert!(incident.to_string().contains(&said.replace('"', "\\\"")), "{id}: {incident:#}");
    }
}
