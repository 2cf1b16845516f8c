//! Sources that hang for ever: the other monitors keep their schedule, people see who hangs, and the daemon still stops.

use std::{fs, process::Command};

use serde_json::Value;

use crate::{
    bench::Bench,
    minutely::{monitor, run_until_three_minutes_ago},
};

const CHECK: &str = "plugin = \"null-rate\"\n[check.params]\ncolumns = [\"MedInc\"]\n";
const HANGING: [&str; 4] = ["hangs-1", "hangs-2", "hangs-3", "hangs-4"];

/// Four monitors that read pipes which nobody writes to, and one that is well. The daemon finds their ticks missed at
/// its start, and runs them at once. Each may take ten minutes.
fn workspace() -> (Bench, String) {
    let bench = Bench::sample();
    fs::remove_dir_all(bench.path().join("config/monitors")).expect("the sample's monitors go");
    bench.edit("config/watchkeeper.toml", |text| text.replace("[daemon]\n", "[daemon]\nshutdown = \"1s\"\n"));
    let data = bench.path().join("config/data");
    for id in HANGING {
        let file = format!("{id}.parquet");
        fs::copy(data.join("housing-reference.parquet"), data.join(&file)).expect("the data is copied");
        bench.edit("config/sources.toml", |text| {
            format!("{text}\n[source.{id}.files]\npath = \"config/data/{file}\"\n")
        });
        monitor(&bench, id, &CHECK.replacen('\n', "\ntimeout = \"10m\"\n", 1));
        bench.edit(&format!("config/monitors/{id}.toml"), |text| text.replace("training-loans", id));
    }
    monitor(&bench, "good", CHECK);
    let since = run_until_three_minutes_ago(&bench);
    for id in HANGING {
        let pipe = data.join(format!("{id}.parquet"));
        fs::remove_file(&pipe).expect("the data goes");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    }
    (bench, since)
}

fn row<'a>(status: &'a Value, id: &str) -> &'a Value {
    let rows = status["monitors"].as_array().expect("a list");
    rows.iter().find(|row| row["monitor"] == id).expect("every monitor is listed")
}

#[test]
fn sources_that_hang_keep_nobody_else_waiting_are_named_and_do_not_keep_the_daemon_from_stopping() {
    let (bench, since) = workspace();
    let mut daemon = bench.daemon();
    let fresh = |status: &Value| row(status, "good")["at"].as_str().is_some_and(|at| at > since.as_str());
    let all_hang = |status: &Value| HANGING.iter().all(|id| row(status, id)["under_way"].is_object());
    let status = (0..600).map(|_| bench.json(&["status"], 0)).find(|status| fresh(status) && all_hang(status));
    let status = status.unwrap_or_else(|| panic!("{:#}", bench.json(&["status"], 0)));
    assert_eq!(row(&status, "good")["verdict"], "ok");

    let shown = String::from_utf8(bench.run(&["status"]).stdout).expect("text");
    for id in HANGING {
        assert!(shown.contains(&format!("{id} has not finished its tick of ")), "{shown}");
    }
    daemon.signal("TERM");
    daemon.says("gave up waiting: what is in flight is recovered at the next start");
    assert_eq!(daemon.ends(), Some(0));
}

#[test]
fn a_source_that_hangs_is_an_error_at_its_deadline_with_the_reason() {
    let (bench, since) = workspace();
    for id in HANGING {
        bench.edit(&format!("config/monitors/{id}.toml"), |text| text.replace("\"10m\"", "\"200ms\""));
    }
    let _daemon = bench.daemon();
    let judged = |status: &Value| HANGING.iter().all(|id| row(status, id)["at"].as_str() > Some(since.as_str()));
    let status = (0..600).map(|_| bench.json(&["status"], 0)).find(judged);
    let status = status.unwrap_or_else(|| panic!("{:#}", bench.json(&["status"], 0)));
    for id in HANGING {
        assert_eq!(row(&status, id)["verdict"], "error");
        let reason = row(&status, id)["reason"].as_str().expect("a reason").to_owned();
        assert!(
            reason.starts_with(&format!("ran past its deadline of 200ms while opening the source `{id}`")),
            "{reason}"
        );
    }
}
