//! Verify: whether a step that was done has helped. The step's peer or the monitor's own check is asked until the answer
//! is yes or the time is over; only a yes makes a remedy of an act, and the owner is told which it is.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet};
use watchkeeper_model::{
    Judged, Monitor, Remedy, StepReport, Subject, Time, Verdict, Verify as How, VerifyBy, Workspace,
};

use crate::{
    compose,
    decide::group_of,
    error::EngineError,
    evaluate::Evaluator,
    evaluation::Evaluation,
    in_hand::{Held, InHand, Piece},
    outbox::Outbox,
    ports::{
        action::{Actions, After},
        store::{StepRecord, Store, StoreError, Verified},
    },
    retry::Retry,
    steps::{Steps, call},
    supervise::{Stop, let_go, stopped_within, turned},
};

/// The part's name in health.
pub(crate) const PART: &str = "verify";
/// The pause between two looks for steps that are to be verified.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Steps that are looked at at once.
pub(crate) const LOOKS_MAX: usize = 16;
/// A peer says soon how it stands; what a check sees changes more slowly.
const STATE_EVERY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));
const CHECK_EVERY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// A look may take the step's own time and a little more.
const GRACE: Duration = Duration::from_secs(2);

/// Finds out whether steps helped.
pub(crate) struct Verify {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) actions: Arc<dyn Actions>,
    pub(crate) evaluator: Arc<Evaluator>,
    pub(crate) steps: Arc<Steps>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) retry: Retry,
    pub(crate) in_hand: Arc<InHand>,
    pub(crate) looks: Arc<Semaphore>,
}

/// What one look has shown.
enum Look {
    Ended(Remedy, String),
    NotYet(String),
}

impl Verify {
    /// Looks for steps that are to be verified until asked to stop.
    pub(crate) async fn watch(self: Arc<Self>, stop: Stop) -> Result<(), EngineError> {
        let mut under_way = JoinSet::new();
        while !stopped_within(&self.retry, LOOK_EVERY, &stop).await {
            self.retry.health.beat(PART, self.retry.clock.now());
            let found = turned(PART, &self.retry, self.store.to_verify().await).unwrap_or_default();
            for step in found {
                let piece = Piece::Verify(step.run.clone(), step.step.id.clone());
                let Some(held) = self.in_hand.take(piece) else { continue };
                let (verify, stop) = (Arc::clone(&self), stop.clone());
                under_way.spawn(async move { verify.follow(&step, held, &stop).await });
            }
            let_go(PART, &mut under_way);
        }
        while under_way.join_next().await.is_some() {}
        Ok(())
    }

    /// Looks once at every step that a check verifies, as at the end of its time: for ticks of a simulation, whose data is all
    /// there. Gives whether there was one.
    pub(crate) async fn conclude(&self) -> Result<bool, StoreError> {
        let mut any = false;
        for step in self.store.to_verify().await? {
            let Some(how) = step.step.verify.as_ref().filter(|how| how.by == VerifyBy::Check) else { continue };
            let Some(monitor) = self.workspace.monitors.get(&step.facts.monitor) else { continue };
            let (evaluation, _) = self.evaluator.evaluate(monitor, until(&step, how)).await;
            let (remedy, detail) = match judged(&step, monitor, &evaluation) {
                Look::Ended(remedy, detail) => (remedy, detail),
                Look::NotYet(stands) => (Remedy::NotRemediated, stands),
            };
            self.record(&step, how.by, remedy, &detail).await?;
            any = true;
        }
        Ok(any)
    }

    /// Looks at one step until it is known whether it helped, or until it is asked to stop: then it is taken up again.
    async fn follow(&self, step: &StepRecord, _held: Held, stop: &Stop) {
        let how = step.step.verify.clone().unwrap_or(How { by: VerifyBy::State, within: How::WITHIN });
        let until = until(step, &how);
        let (first, longest) = if how.by == VerifyBy::State { STATE_EVERY } else { CHECK_EVERY };
        let mut pause = first;
        while !stopped_within(&self.retry, pause, stop).await {
            let look = {
                let Ok(_turn) = self.looks.acquire().await else { return };
                self.look(step, how.by).await
            };
            let (remedy, detail) = match look {
                Look::Ended(remedy, detail) => (remedy, detail),
                Look::NotYet(stands) if self.retry.clock.now() >= until => {
                    (Remedy::NotRemediated, format!("{stands}, {:?} after the step", how.within))
                }
                Look::NotYet(_) => {
                    let left = (until - self.retry.clock.now()).to_std().unwrap_or_default();
                    pause = (pause * 2).min(longest).min(left.max(first));
                    continue;
                }
            };
            if let Err(error) = self.record(step, how.by, remedy, &detail).await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(run = step.run, step = %step.step.id, error, "whether it helped is not recorded yet");
            }
            return;
        }
    }

    async fn look(&self, step: &StepRecord, by: VerifyBy) -> Look {
        match by {
            VerifyBy::State => self.ask_the_peer(step).await,
            VerifyBy::Check => match self.workspace.monitors.get(&step.facts.monitor) {
                Some(monitor) => self.check_again(step, monitor).await,
                None => {
                    Look::Ended(Remedy::NotRemediated, "its monitor is not in the configuration any more".to_owned())
                }
            },
        }
    }

    async fn ask_the_peer(&self, step: &StepRecord) -> Look {
        let asked = call(step, None);
        let after = tokio::time::timeout(step.step.timeout + GRACE, self.actions.after(&asked)).await;
        match after.unwrap_or_else(|_| After::Unreadable("it did not answer in time".to_owned())) {
            After::AsWanted(how) => Look::Ended(Remedy::Remediated, how),
            After::Failed(how) => Look::Ended(Remedy::NotRemediated, how),
            After::NotYet(how) => Look::NotYet(how),
            After::Unreadable(why) => Look::NotYet(format!("it could not be read back: {why}")),
        }
    }

    /// The check as at a tick of this moment, which is recorded nowhere and decides nothing else.
    async fn check_again(&self, step: &StepRecord, monitor: &Monitor) -> Look {
        let (evaluation, _) = self.evaluator.evaluate(monitor, self.retry.clock.now()).await;
        judged(step, monitor, &evaluation)
    }

    async fn record(&self, step: &StepRecord, by: VerifyBy, remedy: Remedy, detail: &str) -> Result<(), StoreError> {
        let ask = || async {
            let now = self.retry.clock.now();
            let report = report(step, by, remedy, detail, now);
            let messages = compose::verified(&self.workspace, step, &report, now);
            self.store.verified(step, &Verified { remedy, detail: report.detail, messages, at: now }).await
        };
        self.retry.until_answered(ask).await?;
        // What is for the case that it did not help may run now.
        self.steps.ring();
        self.outbox.ring();
        Ok(())
    }
}

/// The end of the time in which a step has to help.
fn until(step: &StepRecord, how: &How) -> Time {
    step.finished_at.unwrap_or(step.facts.at) + how.within
}

/// What the check says of the series of the step's incident.
fn judged(step: &StepRecord, monitor: &Monitor, evaluation: &Evaluation) -> Look {
    let ours = |judged: &&Judged| match &judged.subject {
        Subject::Series(series) => group_of(&monitor.alert.group_by, &series.labels) == step.facts.group,
        _ => false,
    };
    let ours: Vec<&Judged> = evaluation.series.iter().filter(ours).collect();
    let said = |judged: &Judged| match judged.value {
        Some(value) => format!("{} is {}", judged.subject, watchkeeper_model::number(value, 4)),
        None => format!("{} was not measured", judged.subject),
    };
    let well = |verdict: Verdict| matches!(verdict, Verdict::Ok | Verdict::Warn);
    if let Some(bad) = ours.iter().find(|judged| !well(judged.verdict)) {
        return Look::NotYet(said(bad));
    }
    // What was bad has to be seen well: that others are says nothing of it.
    let mut were_bad = step.facts.series.iter().filter(|report| report.value.is_some() && !well(report.verdict));
    if let Some(gone) = were_bad.find(|report| !ours.iter().any(|judged| judged.subject == report.subject)) {
        return Look::NotYet(format!("{} was not measured", gone.subject));
    }
    let told = step.facts.worst().map(|worst| &worst.subject);
    match ours.iter().find(|judged| Some(&judged.subject) == told).or(ours.first()) {
        Some(judged) => Look::Ended(Remedy::Remediated, said(judged)),
        None => Look::NotYet(evaluation.error.clone().unwrap_or_else(|| "nothing was measured".to_owned())),
    }
}

fn report(step: &StepRecord, by: VerifyBy, remedy: Remedy, detail: &str, now: Time) -> StepReport {
    StepReport {
        step: step.step.id.clone(),
        action: step.step.action.kind().to_owned(),
        summary: step.step.action.summary(),
        outcome: Some(watchkeeper_model::Outcome::Done),
        detail: format!("by {by}: {detail}"),
        started_at: step.started_at,
        finished_at: Some(now),
        remedy: Some(remedy),
    }
}
