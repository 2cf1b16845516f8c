//! Recover: what an earlier owner left in the middle is finished, each kind of action in its own way.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::task::JoinSet;
use watchkeeper_model::{Guarantee, Name, Outcome, StepStatus, Time};

use crate::{
    Engine, EngineError,
    act::{call, may_send_again},
    ports::{
        action::{ActionEnd, Probe},
        store::{Claim, StepRecord, StoreError},
    },
    watch::source_of,
};

/// How long our mark is looked for: an issue tracker's search lags by minutes.
const PROBE_FOR: Duration = Duration::from_secs(5 * 60);
/// The pause between two looks.
const PROBE_EVERY: Duration = Duration::from_secs(15);

impl Engine {
    /// Takes over the steps and occurrences of an earlier owner. Each incident's steps go on in a task of their own;
    /// the occurrences that are to be run again are given back, oldest first, by monitor.
    pub(crate) async fn take_over(
        self: &Arc<Self>,
        tasks: &mut JoinSet<()>,
    ) -> Result<BTreeMap<Name, Vec<Claim>>, EngineError> {
        let now = self.ports.clock.now();
        let mut by_incident: BTreeMap<String, Vec<StepRecord>> = BTreeMap::new();
        for step in self.insist(|| self.ports.store.take_over_steps(now)).await? {
            by_incident.entry(step.incident.clone()).or_default().push(step);
        }
        for (incident, steps) in by_incident {
            let engine = self.clone();
            tasks.spawn(async move {
                if let Err(error) = engine.recover_run(&incident, &steps).await {
                    tracing::error!(incident, error = source_of(&error), "a run cannot be recovered");
                }
            });
        }
        let mut by_monitor: BTreeMap<Name, Vec<Claim>> = BTreeMap::new();
        for claim in self.insist(|| self.ports.store.take_over_occurrences(now)).await? {
            by_monitor.entry(claim.monitor.clone()).or_default().push(claim);
        }
        Ok(by_monitor)
    }

    /// Settles what was begun, in the runbook's order, before what is planned goes on: the owner hears of the first
    /// step before a later one runs.
    async fn recover_run(&self, incident: &str, steps: &[StepRecord]) -> Result<(), EngineError> {
        for step in steps.iter().filter(|step| step.status == StepStatus::Intent) {
            let end = self.reconcile(step).await;
            match self.record_end(step, end, step.started_at, false).await {
                Err(EngineError::Store(StoreError::Fenced)) => return Ok(()),
                ended => ended?,
            }
            self.tell_of_the_first(step).await?;
        }
        self.run_steps(incident).await
    }

    /// Finds out how a step in INTENT ended. Never blindly sent again.
    async fn reconcile(&self, step: &StepRecord) -> ActionEnd {
        match step.step.action.guarantee() {
            _ if may_send_again(step) => in_doubt(self.send(&step.step.action, &call(step, None)).await),
            Guarantee::Probe => self.probe(step).await,
            _ => ActionEnd::unknown(
                "Watchkeeper stopped while the step was under way: it may have run or may yet run. \
                 It is not run again.",
            ),
        }
    }

    /// Looks for our mark at the peer, for as long as it may take to appear there.
    pub(crate) async fn probe(&self, step: &StepRecord) -> ActionEnd {
        let call = call(step, None);
        let until = self.ports.clock.now() + PROBE_FOR;
        loop {
            let seen = self.ports.actions.probe(&call).await;
            let now = self.ports.clock.now();
            match seen {
                Probe::Found(reference) => {
                    let detail = format!("found {reference} at the peer, which had not said so");
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

/// A refusal settles nothing: the bytes were sent before, and that may have been carried out.
fn in_doubt(end: ActionEnd) -> ActionEnd {
    match end.outcome {
        Outcome::Failed => ActionEnd::unknown(format!("{}; an earlier attempt may have been carried out", end.detail)),
        _ => end,
    }
}

fn creates_again(step: &StepRecord) -> bool {
    matches!(&step.step.action, watchkeeper_model::Action::Jira(jira) if jira.create_when_unknown)
}
