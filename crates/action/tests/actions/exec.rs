//! Exec steps, with real programs.

use std::{collections::BTreeMap, time::Duration};

use tokio::io::AsyncReadExt;
use watchkeeper_model::{Action, ExecAction, Outcome, Secret, Template};

use crate::{Bench, CANARY, assert_end, seconds};

fn program(command: &[&str]) -> ExecAction {
    ExecAction {
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        env: BTreeMap::new(),
        stdin: None,
        directory: None,
        secrets: BTreeMap::new(),
    }
}

fn script(text: &str) -> ExecAction {
    program(&["/bin/sh", "-c", text])
}

fn variable(name: &str, value: &str) -> BTreeMap<String, Template> {
    BTreeMap::from([(name.to_owned(), Template::literal(value))])
}

#[tokio::test]
async fn the_environment_is_empty_but_for_what_is_listed() {
    let bench = Bench::new();
    let action = ExecAction { env: variable("METRIC", "auc; $(reboot) {value}"), ..program(&["/usr/bin/env"]) };
    let end = bench.perform(Action::Exec(action), seconds(20)).await;
    assert_end(&end, Outcome::Done, "");
    assert_eq!(end.detail, "exit code 0: METRIC=auc; $(reboot) {value}");
}

#[tokio::test]
async fn standard_input_carries_data_and_is_closed() {
    let action = ExecAction { stdin: Some(Template::literal("series\nof data")), ..program(&["/bin/cat"]) };
    let end = Bench::new().perform(Action::Exec(action), seconds(20)).await;
    assert_end(&end, Outcome::Done, "");
    assert_eq!(end.detail, "exit code 0: series | of data");
}

#[tokio::test]
async fn input_that_nobody_reads_does_not_hang_the_step() {
    let big = "x".repeat(1024 * 1024);
    let action = ExecAction { stdin: Some(Template::literal(&big)), ..script("exit 0") };
    assert_end(&Bench::new().perform(Action::Exec(action), seconds(20)).await, Outcome::Done, "exit code 0");
}

#[tokio::test]
async fn a_failing_program_has_failed_with_its_code_and_last_words() {
    let end = Bench::new().perform(Action::Exec(script("echo one; echo two >&2; exit 7")), seconds(20)).await;
    assert_end(&end, Outcome::Failed, "exit code 7: one | two");
}

#[tokio::test]
async fn a_signal_that_is_not_ours_is_named() {
    let end = Bench::new().perform(Action::Exec(script("kill -TERM $$")), seconds(20)).await;
    assert_end(&end, Outcome::Unknown, "/bin/sh was killed by signal 15: it may have done a part of its work");
}

#[tokio::test]
async fn it_starts_in_the_workspace_or_the_stated_directory() {
    let bench = Bench::new();
    std::fs::create_dir(bench.workspace.path().join("jobs")).unwrap();
    let here = bench.workspace.path().canonicalize().unwrap();
    let end = bench.perform(Action::Exec(script("pwd -P")), seconds(20)).await;
    assert_eq!(end.detail, format!("exit code 0: {}", here.display()));
    let action = ExecAction { directory: Some("jobs".to_owned()), ..script("pwd -P") };
    let end = bench.perform(Action::Exec(action), seconds(20)).await;
    assert_eq!(end.detail, format!("exit code 0: {}/jobs", here.display()));
}

#[tokio::test]
async fn programs_that_are_not_listed_absolute_or_there_are_not_started() {
    let bench = Bench::new();
    let end = bench.perform(Action::Exec(program(&["/bin/ls"])), seconds(20)).await;
    assert_end(&end, Outcome::Failed, "/bin/ls is not in `allow.exec` of watchkeeper.toml");
    let end = bench.perform(Action::Exec(program(&["relative"])), seconds(20)).await;
    assert_end(&end, Outcome::Failed, "relative is no path: programs are not looked for");
    let end = bench.perform(Action::Exec(program(&["/bin/no-such-program"])), seconds(20)).await;
    assert_end(&end, Outcome::Failed, "cannot start /bin/no-such-program in ");
    assert_end(&end, Outcome::Failed, "No such file or directory");
}

#[tokio::test]
async fn a_secret_reaches_the_program_and_is_masked_in_what_it_says() {
    let secrets = BTreeMap::from([("TOKEN".to_owned(), Secret::File("token".into()))]);
    let text = format!("test \"$TOKEN\" = {CANARY} || exit 3; echo \"the token is $TOKEN\"");
    let action = ExecAction { secrets, ..script(&text) };
    let end = Bench::new().perform(Action::Exec(action), seconds(20)).await;
    assert_end(&end, Outcome::Done, "exit code 0: the token is [secret]");
}

#[tokio::test]
async fn a_missing_secret_stops_the_step_before_it_starts() {
    let secrets = BTreeMap::from([("TOKEN".to_owned(), Secret::File("nowhere".into()))]);
    let bench = Bench::new();
    let action = ExecAction { secrets, ..script("touch started") };
    let end = bench.perform(Action::Exec(action), seconds(20)).await;
    assert_end(&end, Outcome::Failed, "the secret for variable TOKEN: cannot read the secret in ");
    assert!(!bench.workspace.path().join("started").exists());
}

#[tokio::test]
async fn what_a_program_says_cannot_move_the_cursor() {
    let end = Bench::new().perform(Action::Exec(script(r"printf '\033[2Jgone\007'")), seconds(20)).await;
    assert_end(&end, Outcome::Done, r"\u{1b}[2Jgone\u{7}");
}

#[tokio::test]
async fn a_flood_of_output_is_drained_and_bounded() {
    let flood = "/usr/bin/head -c 10485760 /dev/zero | /usr/bin/tr '\\0' x; echo; echo the end";
    let end = Bench::new().perform(Action::Exec(script(flood)), seconds(60)).await;
    assert_end(&end, Outcome::Done, "x | the end");
    assert!(end.detail.len() < 1_100, "{} bytes", end.detail.len());
}

#[tokio::test]
async fn a_daemon_that_holds_the_output_open_does_not_hold_the_step() {
    let end = Bench::new().perform(Action::Exec(script("/bin/sleep 5 & echo started")), seconds(4)).await;
    assert_end(&end, Outcome::Done, "exit code 0: started");
}

/// A script whose grandchild holds the FIFO `alive` open for as long as it lives.
fn forking(bench: &Bench) -> (ExecAction, impl Future<Output = String> + use<>) {
    let fifo = bench.workspace.path().join("alive");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let until_closed = async move {
        let mut said = String::new();
        tokio::fs::File::open(&fifo).await.unwrap().read_to_string(&mut said).await.unwrap();
        said
    };
    (script("exec 3>alive; /bin/sleep 60 & echo born >&3; echo waiting; wait"), until_closed)
}

#[tokio::test]
async fn at_the_time_limit_the_grandchildren_die_too() {
    let bench = Bench::new();
    let (action, until_closed) = forking(&bench);
    let dead = tokio::spawn(until_closed);
    let end = bench.perform(Action::Exec(action), seconds(4)).await;
    assert_end(
        &end,
        Outcome::Unknown,
        "may have run or may yet run: /bin/sh was killed at its time limit of 4s: waiting",
    );
    let said = tokio::time::timeout(seconds(20), dead).await.expect("the grandchild is alive").unwrap();
    assert_eq!(said, "born\n");
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_nothing_running() {
    let bench = Bench::new();
    let (action, until_closed) = forking(&bench);
    let dead = tokio::spawn(until_closed);
    let given_up = tokio::time::timeout(seconds(4), bench.perform(Action::Exec(action), seconds(1000))).await;
    assert!(given_up.is_err());
    let said = tokio::time::timeout(seconds(20), dead).await.expect("the grandchild is alive").unwrap();
    assert_eq!(said, "born\n");
}

#[tokio::test]
async fn a_limit_of_no_time_is_still_an_outcome() {
    let end = Bench::new().perform(Action::Exec(script("/bin/sleep 1000")), Duration::ZERO).await;
    assert_end(&end, Outcome::Unknown, "may have run or may yet run");
}
