//! Daemons that share a store on PostgreSQL: what one leaves another takes over, and a server that goes away comes back.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use watchkeeper_testkit::{POSTGRES_PASSWORD, Postgres, Proxy};

use crate::{
    bench::{Bench, Daemon},
    crash::wait_for,
};

/// The sample, with its store where the environment says.
fn shared() -> Bench {
    let bench = Bench::sample();
    bench.edit("config/watchkeeper.toml", |text| text + "\n[store]\nurl = { env = \"STORE_URL\" }\n");
    bench
}

fn daemon(bench: &Bench, url: &str) -> Daemon {
    bench.daemon_by(command(bench, url, &["run"]))
}

fn command(bench: &Bench, url: &str, arguments: &[&str]) -> Command {
    let mut command = bench.command(arguments);
    command.env("STORE_URL", url).env("WATCHKEEPER_LEASE", "1500");
    command
}

fn run(bench: &Bench, url: &str, arguments: &[&str]) -> String {
    let output = command(bench, url, arguments).output().expect("it starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a daemon answers to who asks for the gate: the HTTP status, and the flag's value.
fn gate(daemon: &Daemon) -> (u16, Value) {
    let mut stream = TcpStream::connect(&daemon.address).expect("the daemon accepts");
    let body = json!({ "context": {} }).to_string();
    let question = format!(
        "POST /ofrep/v1/evaluate/flags/loan-decisions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(question.as_bytes()).expect("the question is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is read");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str::<Value>(body).expect("JSON")["value"].clone())
}

/// Asks again until it answers so.
fn gate_becomes(daemon: &Daemon, expected: &(u16, Value)) {
    let mut last = gate(daemon);
    for _ in 0..2_000 {
        if last == *expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
        last = gate(daemon);
    }
    panic!("{last:?}, and not {expected:?}");
}

const OPEN: (u16, Value) = (200, Value::Bool(true));
const PAUSED: (u16, Value) = (200, Value::Bool(false));

#[test]
fn what_one_daemon_is_told_the_other_answers_and_status_shows_both() {
    let (bench, server) = (shared(), Postgres::start());
    let (one, other) = (daemon(&bench, &server.url()), daemon(&bench, &server.url()));
    assert_eq!(gate(&other), OPEN);
    run(&bench, &server.url(), &["pause", "loan-decisions", "--by", "ana", "--reason", "a test"]);
    gate_becomes(&one, &PAUSED);
    gate_becomes(&other, &PAUSED);
    let status = run(&bench, &server.url(), &["status", "--json"]);
    let status: Value = serde_json::from_str(&status).expect("JSON");
    let replicas = status["replicas"].as_array().expect("a list");
    let alive = replicas.iter().filter(|replica| replica["alive"] == true).count();
    assert_eq!((replicas.len(), alive), (2, 2), "{status}");
    for daemon in [&one, &other] {
        assert!(replicas.iter().any(|replica| replica["name"].as_str().is_some_and(|n| n.ends_with(&daemon.address))));
    }
    assert_eq!(status["replicas"][0]["version"], env!("CARGO_PKG_VERSION"));
    one.signal("TERM");
    assert_eq!(one.ends(), Some(0));
    let status = run(&bench, &server.url(), &["store", "status", "--json"]);
    let status: Value = serde_json::from_str(&status).expect("JSON");
    let alive = |replica: &&Value| replica["alive"] == true;
    assert_eq!(
        status["replicas"].as_array().expect("a list").iter().filter(alive).count(),
        1,
        "it gave its lease back"
    );
    assert_eq!(status["kind"], "postgres");
}

#[test]
fn a_step_whose_daemon_was_killed_is_told_by_the_other_and_not_run_again() {
    let (bench, server) = (shared(), Postgres::start());
    let (pipe, log) = crate::crash::hanging_step(&bench);
    let drill = command(&bench, &server.url(), &["drill", "loan-auc", "--execute"]);
    let mut drill = { drill }.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the drill starts");
    wait_for(&pipe);
    // The other one is there before; it leaves alone what is in hand.
    let _other = daemon(&bench, &server.url());
    drill.kill().expect("it is killed");
    drill.wait().expect("it ends");
    let bench_on_server = BenchOn { bench: &bench, url: server.url() };
    let handoff = bench_on_server.handoff_where(|handoff| handoff["notifications"][0]["outcome"] == "sent");
    assert_eq!(handoff["first_step"]["outcome"], "unknown", "{handoff}");
    assert_eq!(fs::read_to_string(log).expect("it ran"), "ran\n", "it ran once");
}

/// A workspace, read by the URL of its store.
struct BenchOn<'a> {
    bench: &'a Bench,
    url: String,
}

impl BenchOn<'_> {
    fn handoff_where(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        handoff_where_by(
            || serde_json::from_str(&run(self.bench, &self.url, &["handoffs", "--json"])).expect("JSON"),
            wanted,
        )
    }
}

fn handoff_where_by(handoffs: impl Fn() -> Value, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        if let Some(found) = handoffs().as_array().expect("a list").iter().find(|handoff| wanted(handoff)) {
            return found.clone();
        }
    }
    panic!("no such handoff in time: {}", handoffs());
}

#[test]
fn a_server_that_goes_away_is_waited_for_while_gates_answer_by_their_rule() {
    // Other tests go on with theirs while it crashes.
    let (bench, server) = (shared(), Postgres::alone());
    let way = Proxy::to(server.port());
    let cut_off = daemon(&bench, &server.url_by(way.port()));
    let other = daemon(&bench, &server.url());
    run(&bench, &server.url(), &["pause", "loan-decisions", "--by", "ana", "--reason", "a test"]);
    gate_becomes(&cut_off, &PAUSED);
    way.cut();
    run(&bench, &server.url(), &["open", "loan-decisions", "--by", "ana"]);
    gate_becomes(&other, &OPEN);
    // What it knows is too old to be given.
    gate_becomes(&cut_off, &(503, Value::Null));
    way.mend();
    gate_becomes(&cut_off, &OPEN);
    server.crash_and_restart();
    run(&bench, &server.url(), &["pause", "loan-decisions", "--by", "ana", "--reason", "a test"]);
    gate_becomes(&cut_off, &PAUSED);
    gate_becomes(&other, &PAUSED);
    run(&bench, &server.url(), &["ledger", "verify"]);
}

#[test]
fn a_standby_takes_over_with_everything_that_was_committed() {
    let (bench, server) = (shared(), Postgres::alone());
    let way = Proxy::to(server.port());
    let url = server.url_by(way.port());
    let daemon = daemon(&bench, &url);
    let standby = server.standby();
    let lint = run(&bench, &url, &["lint", "--store"]);
    assert!(lint.contains("fsync is off"), "{lint}");
    run(&bench, &url, &["pause", "loan-decisions", "--by", "ana", "--reason", "a test"]);
    let refused = command(&bench, &standby.url(), &["open", "loan-decisions"]).output().expect("it starts");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(3) && told.contains("it is a standby, which takes no writes"), "{told}");
    let verified = run(&bench, &url, &["ledger", "verify"]);
    server.lose();
    standby.promote();
    way.lead_to(standby.port());
    gate_becomes(&daemon, &PAUSED);
    assert_eq!(run(&bench, &url, &["ledger", "verify"]), verified, "nothing was lost");
    run(&bench, &url, &["open", "loan-decisions", "--by", "ana"]);
    gate_becomes(&daemon, &OPEN);
    run(&bench, &url, &["ledger", "verify"]);
}

#[test]
fn a_daemon_waits_for_a_server_that_is_not_there_yet_and_says_where_and_why() {
    let (bench, server) = (shared(), Postgres::start());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let way = Proxy::to(closed);
    let mut started = command(&bench, &server.url_by(way.port()), &["run"]);
    let mut child = started.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the daemon starts");
    let mut said = String::new();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("piped")));
    for line in &mut lines {
        said += &(line.expect("text") + "\n");
        if said.contains("it is asked again in 1 s") {
            way.lead_to(server.port());
        }
        if said.contains("listening on ") {
            break;
        }
    }
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    let place = format!("127.0.0.1:{}/{}", way.port(), server.database());
    assert!(said.contains(&place), "{said}");
    assert!(!said.contains(POSTGRES_PASSWORD), "{said}");
    let wrong = format!("postgres://watch:{POSTGRES_PASSWORD}x@127.0.0.1:{}/{}", server.port(), server.database());
    let refused = command(&bench, &wrong, &["status"]).output().expect("it starts");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(3) && told.contains("password authentication failed"), "{told}");
    assert!(!told.contains(POSTGRES_PASSWORD), "{told}");
}

#[test]
fn a_store_moves_to_a_server_and_a_backup_of_that_is_a_store_in_a_file() {
    let (bench, server) = (Bench::sample(), Postgres::start());
    for verb in ["pause", "open"] {
        let output = bench.run(&[verb, "loan-decisions", "--by", "ana", "--reason", "a test"]);
        assert!(output.status.success());
    }
    let before = String::from_utf8(bench.run(&["ledger", "verify"]).stdout).expect("text");
    bench.edit("secrets/target", |_| server.url() + "\n");
    fs::set_permissions(bench.path().join("secrets/target"), fs::Permissions::from_mode(0o600)).expect("private");
    let moved = bench.run(&["store", "move", "--to", "@secrets/target"]);
    let told = String::from_utf8_lossy(&moved.stdout);
    assert!(moved.status.success() && told.contains("2 of them the ledger's"), "{told}{:?}", moved.stderr);
    assert!(!told.contains(POSTGRES_PASSWORD), "{told}");
    let again = bench.run(&["store", "move", "--to", "@secrets/target"]);
    assert_eq!(again.status.code(), Some(2), "{}", String::from_utf8_lossy(&again.stderr));
    bench.edit("config/watchkeeper.toml", |text| text + "\n[store]\nurl = { file = \"secrets/target\" }\n");
    assert_eq!(String::from_utf8(bench.run(&["ledger", "verify"]).stdout).expect("text"), before);
    let check = String::from_utf8(bench.run(&["store", "check"]).stdout).expect("text");
    assert!(check.starts_with("nothing is wrong with the store 127.0.0.1:"), "{check}");
    let restored = Bench::sample();
    let folder = restored.path().join("state");
    fs::create_dir(&folder).expect("made");
    let file = folder.join("watchkeeper.db");
    let backup = bench.run(&["store", "backup", file.to_str().expect("text")]);
    assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o077, 0, "nobody else reads it");
    assert_eq!(String::from_utf8(restored.run(&["ledger", "verify"]).stdout).expect("text"), before);
    let _daemon = restored.daemon();
    handoff_never(&restored);
}

/// It begins with no handoff, as the store that it comes from.
fn handoff_never(bench: &Bench) {
    assert_eq!(bench.json(&["handoffs"], 0), json!([]));
}
