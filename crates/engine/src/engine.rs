//! The engine: a configuration, the ports it acts through, and the owners of its moving parts.

use std::{num::NonZero, sync::Arc};

use tokio::sync::{Mutex, Notify, Semaphore};
use watchkeeper_model::{Monitor, Name, Time, Workspace};

use crate::{
    baseline::{BaselineError, BaselineState, Baselines},
    error::EngineError,
    evaluate::{Evaluator, Rehearsed},
    evaluation::Evaluation,
    health::Health,
    in_hand::InHand,
    outbox::Outbox,
    ports::{
        action::Actions,
        baseline::KeptBaseline,
        checker::Checker,
        clock::Clock,
        frame::Sources,
        history::History,
        meter::{Meter, NoMeter},
        notifier::Notifier,
        store::Store,
    },
    reads::Reads,
    retry::Retry,
    steps::{RUNS_MAX, Steps},
    supervise::Stop,
    verify::{LOOKS_MAX, Verify},
    watch::{Remembered, Stranded, Watch},
    watched::Watched,
};

/// Everything the engine asks of the outside.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// State that survives.
    pub store: Arc<dyn Store>,
    /// Data.
    pub sources: Arc<dyn Sources>,
    /// Checks.
    pub checker: Arc<dyn Checker>,
    /// Effects.
    pub actions: Arc<dyn Actions>,
    /// Messages.
    pub notifier: Arc<dyn Notifier>,
}

/// What the engines of one process share: a reload makes a new engine, and nothing that is in hand is taken twice.
#[derive(Clone)]
pub struct Process {
    in_hand: Arc<InHand>,
    health: Arc<Health>,
    taking: Arc<Mutex<()>>,
    steps: Arc<Notify>,
    outbox: Arc<Notify>,
    reads: Arc<Reads>,
    meter: Arc<dyn Meter>,
}

impl Default for Process {
    fn default() -> Self {
        Self::counted(Arc::new(NoMeter))
    }
}

/// Runs a workspace's monitors. It is built anew for every configuration.
pub struct Engine {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) evaluator: Arc<Evaluator>,
    pub(crate) baselines: Arc<Baselines>,
    pub(crate) steps: Arc<Steps>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Process {
    /// A process of which this meter counts what happens.
    pub fn counted(meter: Arc<dyn Meter>) -> Self {
        Self {
            in_hand: Arc::default(),
            health: Arc::default(),
            taking: Arc::default(),
            steps: Arc::default(),
            outbox: Arc::default(),
            reads: Arc::default(),
            meter,
        }
    }

    /// Rings for steps that somebody else may have planned, answered or left.
    pub fn ring_steps(&self) {
        self.steps.notify_one();
    }

    /// Rings for messages that somebody else may have written or left.
    pub fn ring_outbox(&self) {
        self.outbox.notify_one();
    }

    /// What is the matter with the process.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }
}

impl Engine {
    /// An engine for a command: a store that keeps failing ends it.
    pub fn new(workspace: Workspace, ports: Ports) -> Self {
        Self::assemble(workspace, ports, &Process::default(), false)
    }

    /// The daemon's engine: it asks a store that is away until it is back.
    pub fn of_daemon(workspace: Workspace, ports: Ports, process: &Process) -> Self {
        Self::assemble(workspace, ports, process, true)
    }

    fn assemble(workspace: Workspace, ports: Ports, process: &Process, forever: bool) -> Self {
        let Ports { clock, store, sources, checker, actions, notifier } = ports;
        let workspace = Arc::new(workspace);
        let health = Arc::clone(&process.health);
        let retry = Retry { clock: Arc::clone(&clock), health, meter: Arc::clone(&process.meter), forever };
        let in_hand = Arc::clone(&process.in_hand);
        let outbox = Arc::new(Outbox {
            workspace: Arc::clone(&workspace),
            store: Arc::clone(&store),
            notifier,
            retry: retry.clone(),
            in_hand: Arc::clone(&in_hand),
            taking: Arc::clone(&process.taking),
            bell: Arc::clone(&process.outbox),
        });
        let steps = Arc::new(Steps {
            workspace: Arc::clone(&workspace),
            store: Arc::clone(&store),
            actions: Arc::clone(&actions),
            outbox: Arc::clone(&outbox),
            retry: retry.clone(),
            in_hand: Arc::clone(&in_hand),
            runs: Arc::new(Semaphore::new(RUNS_MAX)),
            bell: Arc::clone(&process.steps),
        });
        let baselines = Arc::new(Baselines::new(
            Arc::clone(&sources),
            Arc::clone(&store),
            Arc::clone(&checker),
            Arc::clone(&clock),
        ));
        let evaluator = Arc::new(Evaluator {
            config: workspace.digests.config.clone(),
            clock: Arc::clone(&clock),
            sources,
            checker,
            store: Arc::clone(&store),
            baselines: Arc::clone(&baselines),
            reads: Arc::clone(&process.reads),
            turns: Arc::new(Semaphore::new(checks_max(&workspace))),
        });
        let verify = Arc::new(Verify {
            workspace: Arc::clone(&workspace),
            store: Arc::clone(&store),
            actions,
            evaluator: Arc::clone(&evaluator),
            steps: Arc::clone(&steps),
            outbox: Arc::clone(&outbox),
            retry: retry.clone(),
            in_hand: Arc::clone(&in_hand),
            looks: Arc::new(Semaphore::new(LOOKS_MAX)),
        });
        let watch = Arc::new(Watch {
            workspace: Arc::clone(&workspace),
            store: Arc::clone(&store),
            evaluator: Arc::clone(&evaluator),
            steps: Arc::clone(&steps),
            outbox: Arc::clone(&outbox),
            verify,
            retry,
            in_hand,
            remembered: Remembered::default(),
            stranded: Stranded::default(),
        });
        Self { workspace, store, evaluator, baselines, steps, outbox, watch, clock }
    }

    /// The configuration it runs.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Evaluates one monitor at one tick and acts on nothing.
    pub async fn evaluate(&self, monitor: &str, at: Time) -> Result<Evaluation, EngineError> {
        Ok(self.evaluator.evaluate(self.monitor(monitor)?, at).await.0)
    }

    /// Evaluates one monitor at one tick as if it came after these evaluations, which nobody recorded.
    pub async fn evaluate_after(
        &self,
        monitor: &str,
        at: Time,
        earlier: &Arc<Rehearsed>,
    ) -> Result<Evaluation, EngineError> {
        let earlier: Arc<dyn History> = earlier.clone();
        Ok(self.evaluator.evaluate_after(self.monitor(monitor)?, at, earlier).await.0)
    }

    /// Watches until asked to stop, then lets what is in hand finish.
    pub async fn watch(&self, stop: Stop) {
        self.watch.run(stop).await;
    }

    /// Does what is planned or was left in the middle, and sends what is due.
    pub async fn finish(&self) -> Result<(), EngineError> {
        self.steps.finish().await?;
        Ok(self.outbox.flush().await?)
    }

    /// Computes a monitor's baseline from its data as it is now, and freezes it. One that is frozen is replaced only
    /// if `refresh` says so.
    pub async fn freeze_baseline(&self, monitor: &str, by: &str, refresh: bool) -> Result<KeptBaseline, BaselineError> {
        self.baselines.freeze(self.monitor(monitor)?, by, refresh).await
    }

    /// How a monitor's baseline stands. Its data is read where the identity of its source does not tell.
    pub async fn baseline_state(&self, monitor: &str) -> Result<BaselineState, EngineError> {
        self.baselines.state(self.monitor(monitor)?, false).await
    }

    /// The same at a glance: where only the rows could tell whether they moved, they are left alone.
    pub async fn baseline_glance(&self, monitor: &str) -> Result<BaselineState, EngineError> {
        self.baselines.state(self.monitor(monitor)?, true).await
    }

    pub(crate) fn monitor(&self, id: &str) -> Result<&Monitor, EngineError> {
        self.workspace.monitors.get(id).ok_or_else(|| EngineError::NoSuchMonitor(id.to_owned()))
    }

    pub(crate) fn watched(&self, id: &str) -> Result<Watched<'_>, EngineError> {
        let none = || EngineError::NoSuchMonitor(id.to_owned());
        let name = Name::parse(id).map_err(|_| none())?;
        Watched::of(&self.workspace, &name).ok_or_else(none)
    }
}

/// Checks that compute at once: as many as there are cores, unless somebody says.
fn checks_max(workspace: &Workspace) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    workspace.daemon.checks_max.map_or_else(cores, |checks| checks.max(1) as usize)
}
