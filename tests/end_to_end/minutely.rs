//! Monitors that are due every minute, and ticks that the daemon finds missed at its start and runs at once.

use std::process::Command;

use crate::bench::Bench;

/// Writes a monitor over the training data; `check` is the `[check]` table's content and what follows it.
pub(crate) fn monitor(bench: &Bench, id: &str, check: &str) {
    bench.edit(&format!("config/monitors/{id}.toml"), |_| {
        format!(
            "[monitor]\nid = {id:?}\nlayer = \"model\"\nowner = \"ml-team\"\nrunbook = \"model-degradation\"\n\
             [schedule]\ncron = \"* * * * *\"\n[input]\nsource = \"training-loans\"\n[check]\n{check}"
        )
    });
}

/// Runs every monitor up to three minutes ago; gives that tick. A daemon that starts now has missed the ticks since.
pub(crate) fn run_until_three_minutes_ago(bench: &Bench) -> String {
    let since = minutes_ago(3);
    let simulated = bench.run(&["simulate", "--execute", "--from", &minutes_ago(4), "--to", &since]);
    assert!(simulated.status.success(), "{}", String::from_utf8_lossy(&simulated.stderr));
    since
}

/// Whole minutes, in the past.
fn minutes_ago(minutes: u32) -> String {
    let ago = format!("{minutes} minutes ago");
    let said = Command::new("date").args(["-u", "-d", &ago, "+%FT%H:%M:00Z"]).output().expect("date runs");
    String::from_utf8(said.stdout).expect("a time").trim().to_owned()
}
