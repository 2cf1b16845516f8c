//! A gate is the store's own: it is read in the transaction of the intent and set in that of the result.

use std::time::Duration;

use async_trait::async_trait;
use watchkeeper_engine::ports::action::{ActionCall, After, Probe};
use watchkeeper_model::GateAction;

use crate::{
    ActionRunner,
    contract::{Attempt, Kind, Reading, no_mark, unreadable},
    limit::Limit,
};

#[async_trait]
impl Kind for GateAction {
    fn refusal(&self, _: &ActionRunner) -> Option<String> {
        None
    }

    async fn ask(&self, _: Duration, _: &ActionRunner) -> Option<Result<String, String>> {
        None
    }

    async fn before(&self, _: &ActionCall, _: &ActionRunner) -> Reading {
        Reading::Nothing
    }

    async fn send(&self, _: &ActionCall, _: &Limit, _: &ActionRunner) -> Attempt {
        Attempt::failed("a gate is set by the store, in the transaction that ends its step")
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        no_mark(call)
    }

    async fn after(&self, call: &ActionCall, _: &ActionRunner) -> After {
        unreadable(call)
    }
}
