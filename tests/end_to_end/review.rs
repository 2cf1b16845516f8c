//! The weekly review: what a report says of a week in which two incidents were opened, and digests that send themselves.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::bench::{Bench, Daemon};

/// How long a digest may take to land.
const PATIENCE: Duration = Duration::from_secs(90);
/// A digest that is due as soon as can be.
const EACH_MINUTE: &str = "
[digest.each-minute]
cron = \"* * * * *\"
window = \"1h\"
notify = [\"mail-business\"]
";

/// The workspace on 15 November 2021: two incidents of the scoring service in the week, one of them open.
fn bench() -> Bench {
    let bench = Bench::workspace();
    let played =
        bench.run(&["simulate", "--execute", "--from", "2021-11-01T00:00:00Z", "--to", "2021-11-15T00:00:00Z"]);
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    bench
}

/// The mails whose subject begins so.
fn mails(folder: &Path, subject: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.join("state/mail")).into_iter().flatten().flatten();
    let texts = entries.filter_map(|entry| fs::read(entry.path()).ok());
    let read = |bytes: &Vec<u8>| {
        let mail = mail_parser::MessageParser::default().parse(bytes)?;
        let body = mail.body_text(0)?.into_owned();
        mail.subject().filter(|found| found.starts_with(subject)).map(|_| body)
    };
    texts.filter_map(|bytes| read(&bytes)).collect()
}

fn landed(bench: &Bench, _daemon: &Daemon, subject: &str) -> String {
    for _ in 0..PATIENCE.as_millis() / 50 {
        if let Some(mail) = mails(bench.path(), subject).pop() {
            return mail;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("no mail {subject:?} has landed");
}

/// The digests that the ledger says were sent.
fn sent(bench: &Bench) -> Vec<String> {
    let ledger = String::from_utf8(bench.run(&["ledger", "export"]).stdout).expect("it is text");
    let rows = ledger.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
    let bodies = rows
        .filter(|row| row["kind"] == "digest.sent")
        .map(|row| serde_json::from_str::<Value>(row["body"].as_str().expect("a body")).expect("JSON"));
    bodies.map(|body| body["note"].as_str().expect("a note").to_owned()).collect()
}

#[test]
fn a_week_is_told_in_figures_and_words_and_sent_to_its_channels() {
    let bench = bench();
    let until = ["--until", "2021-11-15"];
    let report = bench.json(&["digest", "weekly-review", "--until", "2021-11-15"], 0);
    assert_eq!(
        report["figures"],
        json!({
            "opened": 2, "resolved": 1, "acknowledged": 0, "acted": 2, "remedied": 1, "to_first_step": 0.0,
            "to_acknowledge": null, "to_resolve": 172_800.0, "undelivered": 0,
        })
    );
    assert_eq!(report["before"]["opened"], 0);
    assert_eq!(
        (&report["open"][0]["monitor"], &report["open"][0]["first_step"]),
        (&json!("scoring-jobs"), &json!("restart: done"))
    );
    assert_eq!(report["acted"][0]["runs"], 2);
    assert_eq!(report["trends"].as_array().map(Vec::len), Some(2), "a chart of each series that breached");
    let markdown = bench.run(&[&["digest", "weekly-review", "--markdown"][..], &until].concat());
    let markdown = String::from_utf8_lossy(&markdown.stdout).into_owned();
    assert!(
        markdown.starts_with("# The week up to 15 November 2021: 2 incidents, 1 still open, nobody has taken any."),
        "{markdown}"
    );
    let of_team = bench.json(&["digest", "--team", "ml-team", "--window", "7d", "--until", "2021-11-15"], 0);
    assert_eq!(of_team["figures"]["opened"], 0);

    let daemon = bench.daemon();
    let sent = bench.run(&[&["digest", "weekly-review", "--send"][..], &until].concat());
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let mail = landed(&bench, &daemon, "weekly-review: The week up to 15 November 2021");
    assert!(mail.contains("ok again after the first step alone: 1 of 2 (before: -)"), "{mail}");
}

#[test]
fn a_digest_that_is_due_is_sent_once_whoever_sends_it() {
    let bench = bench();
    bench.edit("config/watchkeeper.toml", |text| text + EACH_MINUTE);
    let daemon = bench.daemon();
    landed(&bench, &daemon, "each-minute: ");
    // Whoever takes over finds it done.
    daemon.kill();
    let daemon = bench.daemon();
    let told = bench.run(&["notify", "test", "mail-business"]);
    assert!(told.status.success());
    landed(&bench, &daemon, "");
    drop(daemon);
    let notes = sent(&bench);
    assert!(!notes.is_empty());
    assert_eq!(notes.iter().collect::<BTreeSet<_>>().len(), notes.len(), "{notes:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the daemon's clock is the real one")]
fn a_new_installation_does_not_begin_with_a_report_of_the_time_before_it() {
    let bench = Bench::workspace();
    bench.edit("config/watchkeeper.toml", |text| text + EACH_MINUTE);
    let started = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let daemon = bench.daemon();
    landed(&bench, &daemon, "each-minute: ");
    drop(daemon);
    let notes = sent(&bench);
    assert!(!notes.is_empty());
    for note in notes {
        let (digest, tick) = note.rsplit_once(' ').expect("a name and a tick");
        assert!(digest == "digest each-minute" && tick.parse::<u64>().expect("a time") >= started, "{note}");
    }
}
