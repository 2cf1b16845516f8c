//! The main story on real things: a model in MLflow degrades, its alias goes back to the last good version, the same check
//! says that it helped, the owner is told so, and a person takes it back.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};
use watchkeeper_testkit::real::{Mlflow, Systemd};

use crate::{bench::Bench, minutely::run_until_three_minutes_ago};

/// The version that was good, and the one that is served when the story begins.
const GOOD: &str = "1";
const BAD: &str = "2";

fn ask(server: &Mlflow, method: &str, path: &str, body: &Value) -> Value {
    let host = server.url().replace("http://", "");
    let body = body.to_string();
    let mut stream = TcpStream::connect(&host).expect("MLflow accepts");
    let request = format!(
        "{method} /api/2.0/mlflow/{path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("the question is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is read");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    assert!(head.contains(" 200 "), "{path}: {answer}");
    serde_json::from_str(body).expect("JSON")
}

fn champion(server: &Mlflow) -> String {
    let answer = ask(server, "GET", "registered-models/alias?name=loan&alias=champion", &json!({}));
    answer["model_version"]["version"].as_str().expect("a version").to_owned()
}

fn registered() -> Mlflow {
    let server = Mlflow::start();
    ask(&server, "POST", "registered-models/create", &json!({ "name": "loan" }));
    for _ in [GOOD, BAD] {
        ask(&server, "POST", "model-versions/create", &json!({ "name": "loan", "source": "s3://models/loan" }));
    }
    for (alias, version) in [("rollback", GOOD), ("champion", BAD)] {
        let body = json!({ "name": "loan", "alias": alias, "version": version });
        ask(&server, "POST", "registered-models/alias", &body);
    }
    server
}

/// A scoring service: it serves whatever version the alias is at, and writes down what it scored.
struct Scoring {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scoring {
    fn serve(server: &Arc<Mlflow>, scores: &Path) -> Self {
        let (server, scores, stop) = (Arc::clone(server), scores.to_owned(), Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                write_scores(&scores, &champion(&server));
                thread::sleep(Duration::from_millis(200));
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Scoring {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The good version tells loans apart, the bad one has it the wrong way round.
fn write_scores(path: &Path, version: &str) {
    let score = |index: u32| if (index % 2 == 1) == (version == GOOD) { 0.9 } else { 0.1 };
    let rows: String = (0..200).map(|index| format!("{},{},{}\n", index % 2, score(index), index % 2)).collect();
    let beside = path.with_extension("new");
    fs::write(&beside, format!("label,score,decision\n{rows}")).expect("the scores are written");
    fs::rename(&beside, path).expect("they take the place of the old ones");
}

const MONITOR: &str = r#"
[monitor]
id = "served-auc"
layer = "model"
owner = "ml-team"
runbook = "rollback"
[schedule]
cron = "* * * * *"
[input]
source = "served"
[check]
plugin = "classification"
[check.params]
label = "label"
score = "score"
decision = "decision"
[[threshold]]
metric = "auc"
breach = { below = 0.6 }
"#;

const RUNBOOK: &str = r#"
[runbook]
id = "rollback"
[[step]]
id = "rollback"
description = "Put the last good version back"
verify = "check"
verify_within = "2m"
[step.mlflow]
url = "URL"
model = "loan"
alias = "champion"
version = "@rollback"
"#;

fn bench(server: &Mlflow) -> Bench {
    let bench = Bench::sample();
    bench.edit("config/monitors/served-auc.toml", |_| MONITOR.to_owned());
    bench.edit("runbooks/rollback.toml", |_| RUNBOOK.replace("URL", &server.url()));
    bench.edit("config/sources.toml", |text| text + "\n[source.served.files]\npath = \"served.csv\"\n");
    bench.edit("config/watchkeeper.toml", |text| text.replace("[allow]\n", "[allow]\nhosts = [\"127.0.0.1\"]\n"));
    bench
}

/// Asks for the incident's steps until they are as wanted.
fn steps_where(bench: &Bench, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut steps = Value::Null;
    for _ in 0..600 {
        let handoffs = bench.json(&["handoffs"], 0);
        if let Some(incident) = handoffs[0]["incident"].as_str() {
            steps = bench.json(&["incidents", "show", incident], 0)["steps"].clone();
            if wanted(&steps) {
                return steps;
            }
        }
        thread::sleep(Duration::from_millis(200));
    }
    panic!("{steps:#}");
}

#[test]
fn a_model_that_degrades_goes_back_to_the_last_good_version_and_a_person_takes_that_back() {
    let server = Arc::new(registered());
    let bench = bench(&server);
    let live = bench.run(&["lint", "--live"]);
    let said = String::from_utf8_lossy(&live.stdout).into_owned();
    assert!(said.contains("loan@champion is at version 2, and version 1 is there"), "{said}");
    write_scores(&bench.path().join("served.csv"), GOOD);
    run_until_three_minutes_ago(&bench);
    let _scoring = Scoring::serve(&server, &bench.path().join("served.csv"));
    write_scores(&bench.path().join("served.csv"), BAD);

    let _daemon = bench.daemon();
    let steps = steps_where(&bench, |steps| steps[0]["remedy"] == "remediated");
    assert_eq!(steps[0]["detail"], "loan@champion went from version 2 to version 1");
    assert_eq!(steps[0]["verified"], "by check: auc is 1");
    assert_eq!((steps[0]["guarantee"].as_str(), champion(&server).as_str()), (Some("guarded"), GOOD));
    assert_eq!(bench.json(&["handoffs"], 0)[0]["first_step"]["remedy"], "remediated");
    assert_eq!(bench.json(&["incidents", "--all"], 0)[0]["remedy"], "remediated");
    let rates = bench.json(&["status"], 0)["remedies"].clone();
    assert_eq!(
        rates,
        json!([{ "runbook": "rollback", "handoffs": 1, "acted": 1, "verifying": 0, "remediated": 1,
        "not_remediated": 0 }])
    );
    told(&bench, "Subject: served-auc is remediated by step rollback");

    let run = steps[0]["run"].as_str().expect("a run");
    let undone = bench.run(&["undo", run, "rollback", "--by", "ML Lead <ml-lead@example.com>"]);
    assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
    let steps = steps_where(&bench, |steps| steps[1]["status"] == "done");
    assert_eq!(steps[1]["step"], "rollback-undo");
    assert_eq!(steps[1]["detail"], "loan@champion went from version 1 to version 2");
    assert_eq!(champion(&server), BAD);
    let again = bench.run(&["undo", run, "rollback"]);
    assert_eq!(again.status.code(), Some(2), "{}", String::from_utf8_lossy(&again.stderr));
}

const RESTART: &str = r#"
[runbook]
id = "rollback"
[[step]]
id = "restart"
timeout = "20s"
verify = "state"
verify_within = "1m"
on_failure = "pause"
[step.systemd]
unit = "scoring.service"
bus = "user"
[[step]]
id = "pause"
[step.gate]
gate = "loan-decisions"
state = "paused"
"#;

/// A unit that comes up, and does not stay up.
const SHORT_LIVED: &str = "[Service]\nExecStart=/bin/sh -c 'sleep 2; exit 7'\n";

#[test]
fn a_restart_that_does_not_hold_is_no_remedy_and_the_step_for_that_case_runs() {
    let systemd = Systemd::start(&[("scoring.service", SHORT_LIVED)]);
    let bench = Bench::sample();
    bench.edit("config/monitors/served-auc.toml", |_| MONITOR.to_owned());
    bench.edit("runbooks/rollback.toml", |_| RESTART.to_owned());
    bench.edit("config/sources.toml", |text| text + "\n[source.served.files]\npath = \"served.csv\"\n");
    bench.edit("config/watchkeeper.toml", |text| text.replace("[allow]\n", "[allow]\nunits = [\"scoring.service\"]\n"));
    write_scores(&bench.path().join("served.csv"), GOOD);
    run_until_three_minutes_ago(&bench);
    write_scores(&bench.path().join("served.csv"), BAD);

    let mut command = bench.command(&["run"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", systemd.address());
    let _daemon = bench.daemon_by(command);
    let steps = steps_where(&bench, |steps| steps[1]["status"] == "done");
    assert_eq!((&steps[0]["status"], &steps[0]["remedy"]), (&json!("done"), &json!("not_remediated")));
    assert_eq!(steps[0]["verified"], "by state: scoring.service is failed (failed)");
    assert_eq!((&steps[1]["step"], &steps[1]["detail"]), (&json!("pause"), &json!("gate loan-decisions is paused")));
    told(&bench, "Subject: served-auc is not remediated by step restart");
    let refused = bench.run(&["undo", steps[0]["run"].as_str().expect("a run"), "restart"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("what a restart ended does not come back"), "{why}");
}

/// Waits until a mail says so.
fn told(bench: &Bench, subject: &str) {
    let folder = bench.path().join("state/mail");
    for _ in 0..300 {
        let mails = fs::read_dir(&folder).into_iter().flatten().flatten();
        if mails.filter_map(|mail| fs::read_to_string(mail.path()).ok()).any(|mail| mail.contains(subject)) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("no mail says `{subject}`");
}
