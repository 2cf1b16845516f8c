//! The whole story on real data: breach, first step, mail, handoff, recovery.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use mail_parser::MessageParser;
use serde_json::Value;

use crate::bench::{Bench, Daemon};

const PERIOD: [&str; 4] = ["--from", "2021-06-15T00:00:00Z", "--to", "2022-05-10T00:00:00Z"];

#[test]
fn a_breach_pauses_the_gate_then_tells_the_owner_then_records_the_handoff() {
    let bench = Bench::sample();
    let output = bench.run(&[&["simulate", "--execute"], &PERIOD[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let handoffs = bench.json(&["handoffs"], 0);
    let auc: Vec<_> = handoffs.as_array().expect("a list").iter().filter(|h| h["monitor"] == "loan-auc").collect();
    assert!(!auc.is_empty());
    for handoff in &auc {
        assert_eq!(handoff["first_step"]["action"], "gate");
        assert_eq!(handoff["first_step"]["outcome"], "done");
        assert_eq!(handoff["notifications"][0]["outcome"], "sent");
        assert!(handoff["resolved_at"].is_string(), "the AUC recovered: {handoff}");
        assert_eq!(handoff["ledger_head"].as_str().map(str::len), Some(64));
    }
    assert_eq!(auc.iter().filter(|h| h["opened_at"] == "2021-09-03T00:00:00Z").count(), 1);

    let gates = bench.json(&["gates"], 0);
    assert_eq!(gates[0]["name"], "loan-decisions");
    assert_eq!(gates[0]["state"], "paused");
    assert_eq!(ask(&bench.daemon(), "loan-decisions")["value"], false, "a decision service must wait");

    let mails: Vec<_> = fs::read_dir(bench.path().join("state/mail")).expect("mail has landed").collect();
    let told = mails.into_iter().map(|mail| fs::read(mail.expect("an entry").path()).expect("a mail"));
    let about_breach = told.filter(|raw| {
        let mail = MessageParser::default().parse(raw).expect("an independent parser reads it");
        let text = mail.body_text(0).expect("a text part").into_owned();
        text.contains("auc 0.593, limit") && text.contains("0.6") && text.contains("pause gate loan-decisions")
    });
    assert!(about_breach.count() >= 1, "one mail says what was measured, against what, and what was done");

    let verified = bench.run(&["ledger", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// Asks for a gate as an OpenFeature client does.
fn ask(daemon: &Daemon, gate: &str) -> Value {
    let body = r#"{"context":{"targetingKey":"loans"}}"#;
    let mut peer = TcpStream::connect(&daemon.address).expect("the daemon listens");
    let head = format!("POST /ofrep/v1/evaluate/flags/{gate} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    let typed = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    peer.write_all(format!("{head}{typed}").as_bytes()).expect("it is asked");
    let mut answer = String::new();
    peer.read_to_string(&mut answer).expect("it answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    serde_json::from_str(body).expect("JSON")
}

#[test]
fn without_execute_nothing_is_done() {
    let bench = Bench::sample();
    let output = bench.run(&["simulate", "--from", "2021-09-01T00:00:00Z", "--to", "2021-09-04T00:00:00Z"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("pause gate loan-decisions"), "{said}");
    assert!(!bench.path().join("state/mail").exists());
    assert_eq!(bench.json(&["gates"], 0)[0]["state"], "open");
}
