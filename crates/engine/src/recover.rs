//! Recover: what an earlier owner left in the middle is finished, each kind of action in its own way.

use std::{sync::Arc, time::Duration};

use watchkeeper_model::{Guarantee, Outcome, StepStatus, Time};

use crate::{
    Engine, EngineError,
    act::{call, may_send_again},
    ports::{
        action::{ActionEnd, Probe},
        store::{StepRecord, StoreError},
    },
};

/// How long our mark is looked for: an issue tracker's search lags by minutes.
const PROBE_FOR: Duration = Duration::from_secs(5 * 60);
/// The pause between two looks.
const PROBE_EVERY: Duration = Duration::from_secs(15);

impl Engine {
    /// Takes over steps and occurrences of an earlier owner. Steps that need time go on in the background.
    pub async fn recover(self: &Arc<Self>) -> Result<(), EngineError> {
        let now = self.ports.clock.now();
        for step in self.ports.store.take_over_steps(now).await? {
            let engine = self.clone();
            tokio::spawn(async move {
                if let Err(error) = engine.recover_step(&step).await {
                    tracing::error!(run = step.run, step = %step.step.id, %error, "cannot recover a step");
                }
            });
        }
        for claim in self.ports.store.take_over_occurrences(now).await? {
            if self.workspace.monitors.contains_key(&claim.monitor) {
                self.run_claimed(&claim).await?;
            }
        }
        Ok(())
    }

    async fn recover_step(&self, step: &StepRecord) -> Result<(), EngineError> {
        if step.status == StepStatus::Intent {
            let end = self.reconcile(step).await;
            match self.record_end(step, end, step.started_at, false).await {
                Err(EngineError::Store(StoreError::Fenced)) => return Ok(()),
                ended => ended?,
            }
        }
        self.run_steps(&step.incident).await
    }

    /// Finds out how a step in INTENT ended. Never blindly sent again.
    async fn reconcile(&self, step: &StepRecord) -> ActionEnd {
        match step.step.action.guarantee() {
            _ if may_send_again(step) => self.send(&step.step.action, &call(step, None)).await,
            Guarantee::Probe => self.probe(step).await,
            _ => ActionEnd::unknown(
                "Watchkeeper stopped while the step was under way: it may have run or may yet run. \
                 It is not run again.",
            ),
        }
    }

    async fn probe(&self, step: &StepRecord) -> ActionEnd {
        let call = call(step, None);
        let until = self.ports.clock.now() + PROBE_FOR;
        loop {
            let seen = self.ports.actions.probe(&call).await;
            let now = self.ports.clock.now();
            match seen {
                Probe::Found(reference) => {
                    let detail = format!("found {reference}, opened before Watchkeeper stopped");
                    return ActionEnd { outcome: Outcome::Done, detail, reference: Some(reference) };
                }
                Probe::Absent | Probe::Unreachable(_) if now < until => self.pause(now, until).await,
                Probe::Absent if creates_again(step) => return self.send(&step.step.action, &call).await,
                Probe::Absent => {
                    return ActionEnd::unknown("no trace of it at the peer after 5 minutes: it may yet appear");
                }
                Probe::Unreachable(reason) => {
                    return ActionEnd::unknown(format!("the peer could not be asked: {reason}"));
                }
            }
        }
    }

    async fn pause(&self, now: Time, until: Time) {
        self.ports.clock.sleep_until((now + PROBE_EVERY).min(until)).await;
    }
}

fn creates_again(step: &StepRecord) -> bool {
    matches!(&step.step.action, watchkeeper_model::Action::Jira(jira) if jira.create_when_unknown)
}
