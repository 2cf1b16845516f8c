//! kill -9 at the worst moments, and what is found after a restart.

use std::{
    fs::{self, Permissions},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::bench::{Bench, Daemon};

/// Replaces the sample's first step by an exec step that says on a pipe that it runs, and then hangs.
pub(crate) fn hanging_step(bench: &Bench) -> (PathBuf, PathBuf) {
    let (program, pipe) = (bench.path().join("hang"), bench.path().join("pipe"));
    let log = bench.path().join("ran");
    let script = format!("#!/bin/sh\necho ran >> {}\necho ran > {}\nexec sleep 600\n", log.display(), pipe.display());
    fs::write(&program, script).expect("the program is written");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("it may be run");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    bench.edit("config/watchkeeper.toml", |text| text.replace("exec = [", &format!("exec = [{program:?}, ")));
    bench.edit("runbooks/model-degradation.toml", |text| {
        let gate = "[step.gate]\ngate = \"loan-decisions\"\nstate = \"paused\"\n";
        assert!(text.contains(gate));
        let exec = format!("[step.exec]\ncommand = [{program:?}]\n");
        text.replace(gate, &exec).replace("timeout = \"20s\"", "timeout = \"10m\"")
    });
    (pipe, log)
}

/// Waits until a step opens the pipe that says that it runs; a step that never does is a failure, not a hanging test.
pub(crate) fn wait_for(pipe: &Path) {
    let (said, heard) = mpsc::channel();
    let pipe = pipe.to_owned();
    thread::spawn(move || said.send(fs::read_to_string(pipe)));
    let heard = heard.recv_timeout(Duration::from_secs(60)).expect("the step says that it runs");
    heard.expect("the pipe is read");
}

fn drill(bench: &Bench) -> Child {
    let mut command = bench.command(&["drill", "loan-auc", "--execute"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the drill starts")
}

fn kill(mut child: Child) {
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
}

/// Asks for the handoffs until one satisfies `wanted`; each look is a run of the binary.
pub(crate) fn handoff_where(bench: &Bench, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let handoffs = bench.json(&["handoffs"], 0);
        if let Some(found) = handoffs.as_array().expect("a list").iter().find(|handoff| wanted(handoff)) {
            return found.clone();
        }
    }
    panic!("no such handoff in time: {}", bench.json(&["handoffs"], 0));
}

#[test]
fn an_exec_step_killed_in_the_middle_is_unknown_and_never_run_again() {
    let bench = Bench::sample();
    let (pipe, log) = hanging_step(&bench);
    let drill = drill(&bench);
    wait_for(&pipe);
    kill(drill);

    let _daemon: Daemon = bench.daemon();
    let handoff = handoff_where(&bench, |handoff| handoff["notifications"][0]["outcome"] == "sent");
    assert_eq!(handoff["first_step"]["outcome"], "unknown", "{handoff}");
    assert_eq!(fs::read_to_string(&log).expect("it ran"), "ran\n", "it ran once");
    let mails = fs::read_dir(bench.path().join("state/mail")).expect("the owner is told");
    let told = mails.map(|mail| fs::read_to_string(mail.expect("an entry").path()).expect("a mail"));
    assert!(told.into_iter().any(|mail| mail.contains("may have run or may yet run")));
}

/// Takes one request and gives its `Idempotency-Key` with the open connection.
fn take_request(listener: &TcpListener) -> (String, TcpStream) {
    let (mut stream, _) = listener.accept().expect("a request comes");
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).expect("the request is read");
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
        let length: usize = header("content-length:").expect("a length").parse().expect("a number");
        if body.len() >= length {
            return (header("idempotency-key:").expect("a key"), stream);
        }
    }
}

#[test]
fn a_notification_lost_before_it_was_marked_is_sent_after_the_restart() {
    let bench = Bench::sample();
    let peer = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/hook", peer.local_addr().expect("it is bound"));
    bench.edit("config/watchkeeper.toml", |text| {
        let host = peer.local_addr().expect("it is bound");
        text.replace("notify = [\"mail-ml\"]", "notify = [\"hook\"]")
            .replace("[allow]\n", &format!("[allow]\nhosts = [\"{host}\"]\n"))
            + &format!("\n[channel.hook.webhook]\nurl = {url:?}\n")
    });
    let drill = drill(&bench);
    let (first, _unanswered) = take_request(&peer);
    kill(drill);

    let _daemon = bench.daemon();
    let (second, mut answer) = take_request(&peer);
    answer.write_all(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n").expect("it is answered");
    assert_eq!(first, second, "the peer can tell that it is the same message");
    let handoff = handoff_where(&bench, |handoff| handoff["notifications"][0]["outcome"] == "sent");
    assert_eq!(handoff["first_step"]["outcome"], "done");
}

#[test]
fn two_daemons_do_not_share_a_store() {
    let bench = Bench::sample();
    let first = bench.daemon();
    let refused = bench.run(&["run"]);
    assert_eq!(refused.status.code(), Some(3));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains(&first.pid().to_string()), "it names the first: {said}");
    first.kill();
    let _third = bench.daemon();
}
