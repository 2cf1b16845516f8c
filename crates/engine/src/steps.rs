//! Steps: every step that is to run, was begun, or waits for an answer that has come. One loop finds them, at the start
//! and then all the time, whoever planned them; each incident's run is a task of its own.

mod act;
mod limits;
mod reconcile;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

pub(crate) use act::call;
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
};
use watchkeeper_model::{Outcome, StepStatus, Time, Workspace};

use crate::{
    error::EngineError,
    in_hand::{Held, InHand, Piece},
    outbox::Outbox,
    ports::{
        action::{ActionEnd, Actions},
        store::{Store, StoreError, Unfinished},
    },
    retry::Retry,
    supervise::{Stop, let_go, rest, turned},
};

/// The part's name in health.
pub(crate) const PART: &str = "steps";
/// Answers are given to the store by other processes, which cannot ring; what stranded waits so long at most.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Runs that are under way at once; the others wait their turn, oldest incident first.
pub(crate) const RUNS_MAX: usize = 64;

/// Runs steps.
pub(crate) struct Steps {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) actions: Arc<dyn Actions>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) retry: Retry,
    pub(crate) in_hand: Arc<InHand>,
    /// Bounds the runs that are under way.
    pub(crate) runs: Arc<Semaphore>,
    /// Rung when steps were planned.
    pub(crate) bell: Arc<Notify>,
}

/// Steps of one incident that are done one after another.
type Run = Vec<(Unfinished, Held)>;

impl Steps {
    /// Rings: steps were planned.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Looks for steps until asked to stop, then lets what was begun finish.
    pub(crate) async fn watch(self: Arc<Self>, mut stop: Stop) -> Result<(), EngineError> {
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            let now = self.retry.clock.now();
            self.retry.health.beat(PART, now);
            turned(PART, &self.retry, self.begin(&mut under_way).await);
            rest(&self.retry, now + LOOK_EVERY, &self.bell, &mut stop).await;
        }
        while under_way.join_next().await.is_some() {}
        Ok(())
    }

    /// Runs everything that runs by itself and is in nobody's hand, and waits for it. What waits for people goes on waiting.
    pub(crate) async fn finish(self: &Arc<Self>) -> Result<(), StoreError> {
        loop {
            let unfinished = self.retry.until_answered(|| self.store.unfinished_steps(self.retry.clock.now())).await?;
            let runs = self.take(unfinished.into_iter().filter(Unfinished::runs_by_itself).collect());
            if runs.is_empty() {
                return Ok(());
            }
            let mut under_way = JoinSet::new();
            self.spawn(runs, &mut under_way);
            while under_way.join_next().await.is_some() {}
        }
    }

    /// Begins a task for every run that is in nobody's hand.
    async fn begin(self: &Arc<Self>, under_way: &mut JoinSet<()>) -> Result<(), StoreError> {
        let unfinished = self.store.unfinished_steps(self.retry.clock.now()).await?;
        self.spawn(self.take(unfinished), under_way);
        let_go(PART, under_way);
        Ok(())
    }

    fn spawn(self: &Arc<Self>, runs: Vec<Run>, under_way: &mut JoinSet<()>) {
        for run in runs {
            let steps = Arc::clone(self);
            under_way.spawn(async move { steps.run(run).await });
        }
    }

    /// What runs by itself goes on in the runbook's order, what was begun before what is planned; what people answered
    /// is done at once. A run of which a step is in somebody's hand is that one's.
    fn take(&self, unfinished: Vec<Unfinished>) -> Vec<Run> {
        let (by_itself, answered): (Vec<_>, Vec<_>) = unfinished.into_iter().partition(|found| found.runs_by_itself());
        let mut by_incident: BTreeMap<(Time, String), Vec<Unfinished>> = BTreeMap::new();
        for found in by_itself {
            let oldest_first = (found.step.facts.at, found.step.incident.clone());
            by_incident.entry(oldest_first).or_default().push(found);
        }
        let whole = by_incident.into_values().map(|mut run| {
            run.sort_by_key(|found| (found.step.status != StepStatus::Intent, found.step.position));
            run
        });
        let each = answered.into_iter().map(|found| vec![found]);
        whole.chain(each).filter_map(|run| self.take_run(run)).collect()
    }

    fn take_run(&self, run: Vec<Unfinished>) -> Option<Run> {
        run.into_iter()
            .map(|found| {
                let piece = Piece::Step(found.step.run.clone(), found.step.step.id.clone());
                self.in_hand.take(piece).map(|held| (found, held))
            })
            .collect()
    }

    async fn run(&self, run: Run) {
        let Ok(_turn) = self.runs.acquire().await else { return };
        for (found, held) in run {
            let (incident, step) = (found.step.incident.clone(), found.step.step.id.clone());
            match self.advance(found).await {
                Ok(()) => {}
                // Somebody else has taken it over; the rest is theirs.
                Err(StoreError::Fenced) => return,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(incident, %step, error, "a run is interrupted; it is taken up again soon");
                    return;
                }
            }
            drop(held);
        }
        // What people have agreed to meanwhile need not wait for the next look.
        self.ring();
    }

    /// Moves one step on: to its end, unless the store fails.
    async fn advance(&self, found: Unfinished) -> Result<(), StoreError> {
        let step = self.retry.until_answered(|| self.store.take_step(&found.step)).await?;
        match (found.refused, step.status) {
            (Some(reason), _) => {
                let end = ActionEnd { outcome: Outcome::Withheld, detail: reason, reference: None };
                self.record_end(&step, end, None, None).await
            }
            (None, StepStatus::Intent) => {
                let end = self.reconcile(&step).await;
                self.record_end(&step, end, step.started_at, None).await
            }
            (None, _) => self.run_step(&step).await,
        }
    }
}
