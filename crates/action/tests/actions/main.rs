//! Performs real actions: real programs, and real requests to peers on loopback that misbehave in chosen ways.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod exec;
mod faults;
mod http;
mod jira;
mod jira_reopen;
mod kubernetes;
mod peer;
mod real;

use std::{collections::BTreeSet, path::Path, time::Duration};

use tempfile::TempDir;
use watchkeeper_action::ActionRunner;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, Actions, Probe};
use watchkeeper_model::{Action, Allow, GateAction, GateState, Name, Outcome};
use watchkeeper_secret::SecretReader;

/// The secret of every test; it must never be seen.
const CANARY: &str = "canary-5ecret-value";

/// A workspace with a secret in the file `token`, and a runner that may reach loopback and a few programs.
struct Bench {
    workspace: TempDir,
    runner: ActionRunner,
}

impl Bench {
    fn new() -> Self {
        let workspace = TempDir::new().unwrap();
        std::fs::write(workspace.path().join("token"), format!("{CANARY}\n")).unwrap();
        let runner = runner(workspace.path(), &["127.0.0.1", "localhost"]);
        Self { workspace, runner }
    }

    async fn perform(&self, action: Action, timeout: Duration) -> ActionEnd {
        self.perform_call(&call(action, timeout)).await
    }

    async fn perform_call(&self, call: &ActionCall) -> ActionEnd {
        let end = self.runner.perform(call).await;
        assert!(!format!("{end:?}").contains(CANARY), "a secret was shown: {end:?}");
        end
    }
}

fn runner(workspace: &Path, hosts: &[&str]) -> ActionRunner {
    let set = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<BTreeSet<String>>();
    let programs = ["/bin/sh", "/bin/cat", "/usr/bin/env", "/bin/no-such-program", "relative"];
    let units = set(&["scoring.service", "broken.service", "missing.service"]);
    let allow = Allow { exec: set(&programs), hosts: set(hosts), units, ..Allow::default() };
    ActionRunner::new(workspace, allow, SecretReader::new(workspace))
}

fn call(action: Action, timeout: Duration) -> ActionCall {
    ActionCall {
        run: "0123456789".to_owned(),
        idempotency_key: "fedcba98765432100123456789abcdef".repeat(2),
        incident: "aaaabbbbcc".to_owned(),
        action,
        timeout,
        reopen: None,
        before: None,
        reference: None,
        retries: None,
        attempt: 1,
        drill: false,
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[track_caller]
fn assert_end(end: &ActionEnd, outcome: Outcome, detail: &str) {
    assert_eq!(end.outcome, outcome, "{end:?}");
    assert!(end.detail.contains(detail), "{detail:?} is not in {end:?}");
}

#[tokio::test]
async fn a_gate_is_the_stores_own() {
    let gate = GateAction { gate: Name::parse("loan-decisions").unwrap(), state: GateState::Paused };
    let bench = Bench::new();
    let call = call(Action::Gate(gate), seconds(1));
    assert_end(&bench.perform_call(&call).await, Outcome::Failed, "set by the store");
    let probe = bench.runner.probe(&call).await;
    assert_eq!(probe, Probe::Unreachable("a gate step leaves no mark that could be looked for".to_owned()));
}
