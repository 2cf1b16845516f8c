//! Kinds against the real thing: what was there before comes back, and what was done before is not done again.

mod airflow;
mod mlflow;
mod sql;
mod systemd;

use serde_json::Value;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, Actions, After, Before};
use watchkeeper_model::{Action, Connection, Outcome, Secret};

use crate::{Bench, CANARY, call, seconds};

/// How often a step is done and taken back.
pub(crate) const ROUNDS: u32 = 20;

impl Bench {
    /// A bench whose token is this one.
    pub(crate) fn with_token(token: &str) -> Self {
        let bench = Self::new();
        std::fs::write(bench.workspace.path().join("token"), token).unwrap();
        bench
    }

    /// Reads what is there, as the engine does before the intent.
    pub(crate) async fn before(&self, action: &Action) -> Result<Option<Value>, String> {
        match self.runner.before(&call(action.clone(), seconds(30))).await {
            Before::Seen(seen) => Ok(Some(seen)),
            Before::Nothing => Ok(None),
            Before::Refused(why) => Err(why),
        }
    }

    /// Reads, sends and reads back, as the engine does; gives the call and how it ended.
    pub(crate) async fn act(&self, action: &Action, attempt: u32) -> (ActionCall, ActionEnd) {
        let before = self.before(action).await.unwrap();
        let idempotency_key = format!("{attempt:064x}");
        let call = ActionCall { before, attempt, idempotency_key, ..call(action.clone(), seconds(60)) };
        let end = self.perform_call(&call).await;
        (ActionCall { reference: end.reference.clone(), ..call }, end)
    }

    /// The same for what takes an action back.
    pub(crate) async fn undo(&self, done: &ActionCall, attempt: u32) -> ActionEnd {
        let undo = done.action.undone(done.before.as_ref().unwrap()).unwrap();
        self.act(&undo, attempt).await.1
    }

    /// Reads back until it is known whether it did what it should.
    pub(crate) async fn after(&self, call: &ActionCall) -> After {
        loop {
            match self.runner.after(call).await {
                After::NotYet(_) => tokio::time::sleep(std::time::Duration::from_millis(500)).await,
                known => return known,
            }
        }
    }

    /// What `lint --live` is told.
    pub(crate) async fn live(&self, action: &Action) -> Result<String, String> {
        let answer = self.runner.ask(action, seconds(20)).await.unwrap();
        assert!(!format!("{answer:?}").contains(CANARY), "a secret was shown: {answer:?}");
        answer
    }
}

pub(crate) fn connection(url: &str, user: Option<&str>) -> Connection {
    Connection {
        url: url.to_owned(),
        user: user.map(str::to_owned),
        token: Some(Secret::File("token".into())),
        ca: None,
    }
}

#[track_caller]
pub(crate) fn assert_done(end: &ActionEnd) {
    assert_eq!(end.outcome, Outcome::Done, "{end:?}");
}
