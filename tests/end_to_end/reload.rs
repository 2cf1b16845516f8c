//! A reload while work is going on: nothing is cut off, nothing is done twice.

use std::{
    fs::{self, File, Permissions},
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    bench::Bench,
    crash::{handoff_where, wait_for},
    minutely::{monitor, run_until_three_minutes_ago},
};

const CHECK: &str = "plugin = \"null-rate\"\n[check.params]\ncolumns = [\"MedInc\"]\n";

pub(crate) fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
}

/// A monitor that is in breach, whose first step runs as soon as the daemon starts: what it begins and what releases it.
pub(crate) fn breach_with_waiting_step(bench: &Bench) -> (PathBuf, PathBuf) {
    fs::remove_dir_all(bench.path().join("config/monitors")).expect("the sample's monitors go");
    monitor(bench, "nulls", CHECK);
    run_until_three_minutes_ago(bench);
    let breach = "[[threshold]]\nmetric = \"null_rate\"\nbreach = { below = 1.0 }\n";
    monitor(bench, "nulls", &format!("{CHECK}{breach}"));
    waiting_step(bench)
}

/// Makes the first step a program that says on one pipe that it runs, and ends when another one is opened.
fn waiting_step(bench: &Bench) -> (PathBuf, PathBuf) {
    let (program, begun, release) =
        (bench.path().join("step"), bench.path().join("begun"), bench.path().join("release"));
    pipe(&begun);
    pipe(&release);
    let script = format!("#!/bin/sh\necho begun > {}\ncat {} >> ran\n", begun.display(), release.display());
    fs::write(&program, script).expect("the program is written");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("it may be run");
    bench.edit("config/watchkeeper.toml", |text| text.replace("exec = [", &format!("exec = [{program:?}, ")));
    bench.edit("runbooks/model-degradation.toml", |text| {
        let gate = "[step.gate]\ngate = \"loan-decisions\"\nstate = \"paused\"\n";
        assert!(text.contains(gate));
        text.replace(gate, &format!("[step.exec]\ncommand = [{program:?}]\n"))
            .replace("timeout = \"20s\"", "timeout = \"10m\"")
    });
    (begun, release)
}

#[test]
fn a_running_step_is_not_cut_off_by_a_reload() {
    let bench = Bench::sample();
    let (begun, release) = breach_with_waiting_step(&bench);
    let mut daemon = bench.daemon();
    wait_for(&begun);
    bench.edit("runbooks/model-degradation.toml", |text| text + "# changed\n");
    daemon.signal("HUP");
    daemon.says("reloaded: the new configuration is watched");
    let running = bench.json(&["handoffs"], 0);
    assert!(running.as_array().expect("a list").iter().all(|h| h["first_step"]["outcome"] != "unknown"), "{running}");

    File::create(&release).expect("the pipe opens").write_all(b"ran\n").expect("the step goes on");
    let handoff = handoff_where(&bench, |handoff| handoff["notifications"][0]["outcome"] == "sent");
    assert_eq!(handoff["first_step"]["outcome"], "done", "{handoff}");
    assert_eq!(bench.json(&["handoffs"], 0).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_client_in_the_middle_of_its_question_is_answered_after_the_reload() {
    let bench = Bench::sample();
    let mut daemon = bench.daemon();
    let mut client = TcpStream::connect(&daemon.address).expect("the daemon accepts");
    client.write_all(b"GET /v1/gates/loan-decisions HTTP/1.1\r\nHost: loc").expect("half a question");
    bench.edit("config/watchkeeper.toml", |text| text + "\n[gate.card-decisions]\ndescription = \"Cards\"\n");
    daemon.signal("HUP");
    daemon.says("reloaded: the new configuration is watched");
    client.write_all(b"alhost\r\n\r\n").expect("the other half");
    let mut answer = [0; 12];
    client.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");

    client.write_all(b"GET /v1/gates/card-decisions HTTP/1.1\r\nHost: loc").expect("half of the next");
    daemon.signal("TERM");
    daemon.says("stopped");
    assert_eq!(daemon.ends(), Some(0), "a client that says no more does not hold up the end");
}
