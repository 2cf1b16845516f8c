//! Steps that wait for people: agreed to, refused, left too long, started by hand.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use serde_json::Value;

use crate::bench::Bench;

/// The sample with a last step, `rebuild`, that writes a line to a file; drilled, so that it waits.
struct Story {
    bench: Bench,
    run: String,
    incident: String,
}

impl Story {
    fn new(waits: &str) -> Self {
        let bench = Bench::sample();
        let (program, log) = (bench.path().join("rebuild"), bench.path().join("ran"));
        fs::write(&program, format!("#!/bin/sh\necho ran >> {}\n", log.display())).expect("the program is written");
        fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("it may be run");
        bench.edit("config/watchkeeper.toml", |text| text.replace("exec = [", &format!("exec = [{program:?}, ")));
        bench.edit("runbooks/model-degradation.toml", |text| {
            let step = "\n[[step]]\nid = \"rebuild\"\ndescription = \"Build it anew\"\n";
            format!("{text}{step}{waits}[step.exec]\ncommand = [{program:?}]\n")
        });
        let drilled = bench.run(&["drill", "loan-auc", "--execute"]);
        assert!(drilled.status.success(), "{}", String::from_utf8_lossy(&drilled.stderr));
        let handoff = bench.json(&["handoffs"], 0)[0].clone();
        let text = |key: &str| handoff[key].as_str().expect("an id").to_owned();
        Self { run: text("id"), incident: text("incident"), bench }
    }

    fn says(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let [command, rest @ ..] = arguments else { panic!("a command") };
        let output = self.bench.run(&[&[*command, &self.run, "rebuild"], rest].concat());
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    fn step(&self) -> Value {
        let shown = self.bench.json(&["incidents", "show", &self.incident], 0);
        let steps = shown["steps"].as_array().expect("a list");
        steps.iter().find(|step| step["step"] == "rebuild").expect("the step is recorded").clone()
    }

    /// Looks until the step stands so; each look is a run of the binary.
    fn becomes(&self, status: &str) -> Value {
        let looks = (0..1000).map(|_| self.step());
        looks.into_iter().find(|step| step["status"] == status).unwrap_or_else(|| panic!("{:#}", self.step()))
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.bench.path().join("ran")).unwrap_or_default().lines().count()
    }
}

const APPROVAL: &str = "[step.approval]\nteam = \"ml-team\"\n";

#[test]
fn an_agreement_of_the_team_lets_the_step_run_once() {
    let story = Story::new(APPROVAL);
    let daemon = story.bench.daemon();
    assert_eq!((story.step()["status"].clone(), story.runs()), ("waiting".into(), 0));
    let (code, said) = story.says(&["approve", "--by", "a-stranger"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("a-stranger is not a member of ml-team"), "{said}");
    assert!(!said.contains("ml-lead@example.com"), "who could have answered is not told to a stranger: {said}");

    let (code, said) = story.says(&["approve", "--by", "ML Lead <ML-Lead@example.com>"]);
    assert_eq!(code, Some(0), "{said}");
    let step = story.becomes("done");
    assert_eq!(step["answers"][0]["by"], "ML Lead <ML-Lead@example.com>");
    assert_eq!(story.runs(), 1);
    let (code, said) = story.says(&["approve", "--by", "ml-on-call@example.com"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("is done: only a step that waits for people can be answered"), "{said}");
    drop(daemon);
    assert!(story.bench.run(&["ledger", "verify"]).status.success());
}

#[test]
fn a_quorum_needs_different_people_and_survives_a_kill() {
    let story = Story::new(&format!("{APPROVAL}quorum = 2\n"));
    let (code, said) = story.says(&["approve", "--by", "ml-lead@example.com"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("wants one more agreement"), "{said}");
    let (code, said) = story.says(&["approve", "--by", "ml-lead@example.com"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("answered already: ml-lead@example.com has agreed to it"), "{said}");
    story.bench.daemon().kill();
    assert_eq!(story.says(&["approve", "--by", "ml-on-call@example.com"]).0, Some(0));
    assert_eq!(story.step()["status"], "released", "nobody watches");
    let _daemon = story.bench.daemon();
    story.becomes("done");
    assert_eq!(story.runs(), 1);
}

#[test]
fn one_no_is_enough_and_the_owner_reads_why() {
    let story = Story::new(APPROVAL);
    let (code, said) = story.says(&["reject", "--by", "ml-lead@example.com", "--reason", "the labels are late"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = story.says(&["approve", "--by", "ml-on-call@example.com"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("rejected by ml-lead@example.com: the labels are late"), "{said}");
    let _daemon = story.bench.daemon();
    let step = story.becomes("withheld");
    assert_eq!(step["detail"], "rejected by ml-lead@example.com: the labels are late");
    assert_eq!(story.runs(), 0);
}

#[test]
fn running_out_of_time_is_a_no() {
    let story = Story::new(&format!("{APPROVAL}timeout = \"1s\"\n"));
    let _daemon = story.bench.daemon();
    assert_eq!(story.becomes("withheld")["detail"], "ml-team did not agree in time");
    assert_eq!(story.runs(), 0);
}

#[test]
fn people_start_a_manual_step_and_another_one_agrees() {
    let story = Story::new(&format!("run = \"manual\"\n{APPROVAL}"));
    let (code, said) = story.says(&["approve", "--by", "ml-lead@example.com"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("nobody has asked for it yet"), "{said}");
    assert_eq!(story.says(&["step", "--by", "ml-lead@example.com"]).0, Some(0));
    let (code, said) = story.says(&["approve", "--by", "ml-lead@example.com"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("somebody else has to agree"), "{said}");
    assert_eq!(story.says(&["approve", "--by", "ml-on-call@example.com"]).0, Some(0));
    let _daemon = story.bench.daemon();
    story.becomes("done");
    assert_eq!(story.runs(), 1);
}
