//! Dispatches a call to its kind.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, Actions, After, Before, Probe};
use watchkeeper_model::{Action, Allow, Guarantee, Outcome};
use watchkeeper_secret::SecretReader;

use crate::{
    contract::{self, Attempt, Reading},
    limit::{Limit, backoff},
};

/// Performs steps. What a step may reach is checked again on every call, not only when the
/// configuration is loaded.
#[derive(Debug, Clone)]
pub struct ActionRunner {
    pub(crate) workspace: PathBuf,
    pub(crate) allow: Allow,
    pub(crate) secrets: SecretReader,
}

impl ActionRunner {
    /// A runner whose programs start in `workspace`, which reaches only what `allow` lists.
    pub fn new(workspace: &Path, allow: Allow, secrets: SecretReader) -> Self {
        Self { workspace: workspace.to_owned(), allow, secrets }
    }
}

impl ActionRunner {
    /// Why no call of an action would be sent from here, whatever its peer said.
    pub fn refusal(&self, action: &Action) -> Option<String> {
        contract::of(action).refusal(self)
    }

    /// Asks the peer of an action whether the target is there and the rights suffice, without changing anything there:
    /// what it answered, or why it would not take it. `None` for an action that has no peer.
    pub async fn ask(&self, action: &Action, timeout: Duration) -> Option<Result<String, String>> {
        contract::of(action).ask(timeout, self).await
    }

    /// Reads, and reads again while the peer is away.
    async fn read_before(&self, call: &ActionCall) -> Before {
        let limit = Limit::ahead(call.timeout);
        let mut attempt = 0;
        loop {
            match contract::of(&call.action).before(call, self).await {
                Reading::Seen(seen) => return Before::Seen(seen),
                Reading::Nothing => return Before::Nothing,
                Reading::Refused(why) => return Before::Refused(why),
                Reading::Away(why) if !limit.pause(backoff(attempt, &call.idempotency_key)).await => {
                    return Before::Refused(why);
                }
                Reading::Away(_) => attempt += 1,
            }
        }
    }

    /// Sends, and sends again while the peer is away or busy, where that cannot act twice: what a `guarded` kind sends
    /// again its peer recognises; of another kind only what was certainly not carried out is sent again, and only where
    /// the step says how often.
    async fn exchange(&self, call: &ActionCall) -> ActionEnd {
        let kind = contract::of(&call.action);
        let limit = Limit::ahead(call.timeout);
        let guarded = call.action.guarantee() == Guarantee::Guarded;
        let retries = call.retries.unwrap_or(if guarded { u32::MAX } else { 0 });
        let mut doubt = false;
        for attempt in 0.. {
            // An answer that never comes must leave time to ask again.
            let patience = if guarded && attempt < retries { limit.half() } else { limit };
            let (certain, end, after) = match kind.send(call, &patience, self).await {
                Attempt::Ended(end) => return settled(end, doubt),
                Attempt::Busy { certain, end, after } => (certain, end, after),
            };
            let pause = after.unwrap_or_default().max(backoff(attempt, &call.idempotency_key));
            let again = attempt < retries && (certain || guarded);
            if !again || !limit.pause(pause).await {
                return settled(end, doubt);
            }
            doubt |= !certain;
        }
        ActionEnd::unknown("it was asked too often")
    }
}

/// A refusal settles nothing once an earlier attempt may have acted.
fn settled(end: ActionEnd, doubt: bool) -> ActionEnd {
    match end.outcome {
        Outcome::Failed if doubt => {
            ActionEnd::unknown(format!("{}; an earlier attempt may have been carried out", end.detail))
        }
        _ => end,
    }
}

#[async_trait]
impl Actions for ActionRunner {
    async fn perform(&self, call: &ActionCall) -> ActionEnd {
        // The same that `lint` says: the record may be older than the configuration.
        if let Some(fault) = call.action.faults().into_iter().next() {
            return ActionEnd::failed(format!("not sent: {}", fault.message));
        }
        let end = match self.refusal(&call.action) {
            Some(reason) => ActionEnd::failed(reason),
            None => self.exchange(call).await,
        };
        tracing::debug!(run = call.run, kind = call.action.kind(), outcome = %end.outcome, "action ended");
        end
    }

    async fn probe(&self, call: &ActionCall) -> Probe {
        contract::of(&call.action).probe(call, self).await
    }

    async fn before(&self, call: &ActionCall) -> Before {
        match (call.action.faults().into_iter().next(), self.refusal(&call.action)) {
            (Some(fault), _) => Before::Refused(fault.message),
            // Its own words are those of the call.
            (None, Some(_)) => Before::Nothing,
            (None, None) => self.read_before(call).await,
        }
    }

    async fn after(&self, call: &ActionCall) -> After {
        contract::of(&call.action).after(call, self).await
    }
}
