//! Rehearsals, drills and simulations: what is refused, what is said, and what is never said.

use std::{fs, process::Output};

use crate::bench::Bench;

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const PERIOD: [&str; 4] = ["--from", "2021-09-01T00:00:00Z", "--to", "2021-09-04T00:00:00Z"];

#[test]
fn a_simulation_counts_what_ran_and_sums_it_up() {
    let bench = Bench::sample();
    let simulate = [&["simulate", "--execute"], &PERIOD[..]].concat();
    let (code, first, _) = said(&bench.run(&simulate));
    assert_eq!(code, Some(0));
    assert!(first.contains("loan-auc: 4 ticks\n1 incident was opened and handed to its owner.\n"), "{first}");
    assert!(first.contains("pause (gate)  done     ml-team  on mail-ml"), "{first}");
    assert!(first.contains("Mail lies in state/mail"), "{first}");
    let (_, again, _) = said(&bench.run(&simulate));
    assert!(again.contains("loan-auc: 4 ticks, 4 of them ran before\nNo incident was opened."), "{again}");
}

#[test]
fn the_future_is_simulated_only_in_rehearsal() {
    let bench = Bench::sample();
    let period = ["--from", "2098-01-01", "--to", "2098-01-02"];
    let (code, _, refused) = said(&bench.run(&[&["simulate", "--execute"], &period[..]].concat()));
    assert_eq!(code, Some(2));
    assert!(refused.contains("is after now"), "{refused}");
    assert!(!bench.path().join("state").exists());
    let (code, rehearsed, _) = said(&bench.run(&[&["simulate"], &period[..]].concat()));
    assert_eq!(code, Some(0), "{rehearsed}");
}

#[test]
fn a_period_that_ends_before_it_begins_or_has_no_tick_is_said_to() {
    let bench = Bench::sample();
    for command in [&["backtest", "loan-auc"][..], &["simulate"]] {
        let swapped = ["--from", "2021-09-04", "--to", "2021-09-01"];
        let (code, _, refused) = said(&bench.run(&[command, &swapped[..]].concat()));
        assert_eq!(code, Some(2), "{command:?}");
        assert!(refused.contains("the period ends before it begins"), "{refused}");
        let empty = ["--from", "2021-09-04T01:00:00Z", "--to", "2021-09-04T02:00:00Z"];
        let (code, _, told) = said(&bench.run(&[command, &empty[..]].concat()));
        assert_eq!(code, Some(0), "{command:?}");
        assert!(told.contains("nothing was evaluated; the next one is at 2021-09-05T00:00:00Z"), "{told}");
    }
}

#[test]
fn a_rehearsal_is_headed_once_and_never_says_done() {
    let bench = Bench::sample();
    bench.edit("config/watchkeeper.toml", |text| {
        text.replace("notify = [\"mail-ml\"]", "notify = [\"mail-ml\", \"screen\"]") + "\n[channel.screen.console]\n"
    });
    for command in [&["drill", "loan-auc"][..], &[&["simulate"], &PERIOD[..]].concat()] {
        let (code, told, _) = said(&bench.run(command));
        assert_eq!(code, Some(0));
        let head = "rehearsed: nothing was done, nothing was sent (would go to mail-ml, screen)";
        assert_eq!(told.matches(head).count(), 1, "{told}");
        assert_eq!(told.matches("rehearsed:").count(), 1, "{told}");
        assert!(told.contains("would be done"), "{told}");
        assert!(!told.contains("was done.") && !told.contains("Done at"), "{told}");
    }
    assert!(!bench.path().join("state").exists());
}

#[test]
fn a_drill_whose_step_fails_is_a_finding_and_says_how() {
    let bench = Bench::sample();
    bench.edit("config/watchkeeper.toml", |text| text.replace("exec = [", "exec = [\"/bin/false\", "));
    bench.edit("runbooks/model-degradation.toml", |text| {
        text.replace(
            "[step.gate]\ngate = \"loan-decisions\"\nstate = \"paused\"\n",
            "[step.exec]\ncommand = [\"/bin/false\"]\n",
        )
    });
    let (code, told, _) = said(&bench.run(&["drill", "loan-auc", "--execute"]));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("step pause (") && told.contains("): failed - "), "{told}");
    let (code, _, _) = said(&Bench::sample().run(&["drill", "loan-auc", "--execute"]));
    assert_eq!(code, Some(0));
}

#[test]
fn a_store_that_cannot_be_opened_is_unreachable() {
    let bench = Bench::sample();
    fs::write(bench.path().join("state"), "a file in the way").expect("it is written");
    let simulate = [&["simulate", "--execute"], &PERIOD[..]].concat();
    for command in [&["drill", "loan-auc", "--execute"][..], &simulate, &["status"]] {
        assert_eq!(said(&bench.run(command)).0, Some(3), "{command:?}");
    }
}

#[test]
fn a_misspelt_monitor_gets_the_nearest_one() {
    let (code, _, refused) = said(&Bench::sample().run(&["check", "loan-auk"]));
    assert_eq!(code, Some(2));
    assert!(refused.contains("did you mean `loan-auc`?"), "{refused}");
}

#[test]
fn the_sample_of_init_works_as_its_hints_say() {
    let bench = Bench::sample();
    let new = bench.path().join("new");
    let init = bench.run(&["init", new.to_str().expect("a path")]);
    assert!(init.status.success());
    let run = |arguments: &[&str]| {
        let folder = ["--workspace", new.to_str().expect("a path")];
        said(
            &std::process::Command::new(bench.command(&[]).get_program())
                .args(folder)
                .args(arguments)
                .output()
                .expect("it starts"),
        )
    };
    let (code, linted, _) = run(&["lint"]);
    assert!(code == Some(0) && linted.starts_with("no mistakes\n"), "{linted}");
    assert_eq!(run(&["check", "application-nulls", "--at", "2026-01-15"]).0, Some(0));
    assert_eq!(run(&["check", "application-nulls", "--at", "2026-01-22"]).0, Some(1));
    assert_eq!(run(&["drill", "application-nulls"]).0, Some(0));
    assert_eq!(run(&["drill", "application-nulls", "--execute"]).0, Some(0));
    let (code, status, _) = run(&["status"]);
    assert!(code == Some(0) && status.contains("application-nulls (drill)") && status.contains("paused"), "{status}");
    assert_eq!(run(&["open", "loan-decisions"]).0, Some(0));
    assert_eq!(fs::read_to_string(new.join(".gitignore")).expect("it is written"), "/state/\n");
}
