//! What is shipped for Prometheus and Grafana, and what the daemon tells them, as Debian's promtool sees it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::bench::{Bench, repository};

fn promtool(arguments: &[&str], folder: &Path, input: &str) {
    let mut tool = Command::new("promtool")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts; `cargo xtask browser` installs it, or `apt-get install prometheus`");
    tool.stdin.take().expect("stdin is piped").write_all(input.as_bytes()).expect("it reads");
    let output = tool.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

/// What the daemon answers.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it is asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    body.to_owned()
}

#[test]
fn the_rules_hold_and_every_metric_they_name_is_told() {
    let folder = repository().join("docs/prometheus");
    promtool(&["check", "rules", "rules.yml"], &folder, "");
    promtool(&["test", "rules", "rules_test.yml"], &folder, "");
    let bench = Bench::sample();
    let daemon = bench.daemon();
    get(&daemon.address, "/");
    let metrics = get(&daemon.address, "/metrics");
    promtool(&["check", "metrics"], &folder, &metrics);
    promtool(&["check", "metrics"], &folder, &get(&daemon.address, "/metrics/monitors"));
    let rules = fs::read_to_string(folder.join("rules.yml")).expect("it is read");
    let board = fs::read_to_string(folder.join("grafana.json")).expect("it is read");
    let _: Value = serde_json::from_str(&board).expect("the dashboard is JSON");
    let named = |text: &str| -> Vec<String> {
        let parts = text.split("watchkeeper_").skip(1);
        parts.map(|part| part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()).collect()
    };
    for name in named(&rules).into_iter().chain(named(&board)) {
        let family = name.trim_end_matches("_bucket");
        assert!(metrics.contains(&format!("# HELP watchkeeper_{family} ")), "watchkeeper_{name} is not told");
    }
}
