//! The daemon and its signals: reload, a reload that fails, the end.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::bench::{Bench, Daemon};

/// Asks the daemon for a gate, as a decision service does.
fn gate(daemon: &Daemon) -> String {
    let mut stream = TcpStream::connect(&daemon.address).expect("the daemon accepts");
    let question = "GET /v1/gates/loan-decisions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(question.as_bytes()).expect("the question is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is read");
    answer
}

#[test]
fn a_half_written_file_leaves_the_old_configuration_running() {
    let bench = Bench::sample();
    let mut daemon = bench.daemon();
    let mut whole = String::new();
    bench.edit("config/monitors/loan-auc.toml", |text| {
        whole.clone_from(&text);
        text[..text.len() / 2].to_owned()
    });
    daemon.signal("HUP");
    daemon.says("config/monitors/loan-auc.toml");
    daemon.says("not reloaded: the old configuration is still watched");
    assert!(gate(&daemon).contains("\"open\""), "{}", gate(&daemon));

    bench.edit("config/monitors/loan-auc.toml", |_| whole);
    daemon.signal("HUP");
    daemon.says("reloaded: the new configuration is watched");
    assert!(gate(&daemon).contains("\"open\""), "{}", gate(&daemon));
}

#[test]
fn a_duration_that_cannot_be_meant_leaves_the_old_configuration_running() {
    let bench = Bench::sample();
    let mut daemon = bench.daemon();
    bench.edit("config/monitors/loan-auc.toml", |text| text + "\n[alert]\nrepeat = \"0s\"\n");
    daemon.signal("HUP");
    daemon.says("`0s` is too little");
    daemon.says("give at least \"1s\"");
    daemon.says("not reloaded: the old configuration is still watched");
    assert!(gate(&daemon).contains("\"open\""), "{}", gate(&daemon));
}

#[test]
fn asked_to_end_it_stops_with_code_0() {
    let bench = Bench::sample();
    let mut daemon = bench.daemon();
    daemon.signal("TERM");
    daemon.says("stopped");
    assert_eq!(daemon.ends(), Some(0));
}
