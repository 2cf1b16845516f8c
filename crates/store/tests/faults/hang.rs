//! A source that never answers costs its own monitor an error, and nobody else anything.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::timeout;
use watchkeeper_engine::{
    Engine, Ports, Tick,
    ports::{
        checker::{CheckOutcome, CheckRequest, Checker, Manual},
        frame::{Aggregate, Answer, Field, Frame, FrameError, Moment, Scan, Sources, Span},
        memory::Memory,
    },
};
use watchkeeper_model::{Name, Verdict, Workspace};
use watchkeeper_testkit::{EmptyFrame, ScriptedSources};

use crate::stage::{Said, Stage, auc, day, name, pause, sample};

/// The source `stuck` never opens; every other one does.
#[derive(Clone)]
struct Stuck;

impl Sources for Stuck {
    fn moment(&self) -> Arc<dyn Moment> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Moment for Stuck {
    async fn open(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        if source.as_str() == "stuck" {
            std::future::pending::<()>().await;
        }
        Moment::open(&ScriptedSources, source, span).await
    }
}

/// Blocks its thread, as a stopped file server does: nothing interrupts it.
#[derive(Clone)]
struct Blocking(Arc<std::sync::Barrier>);

impl Sources for Blocking {
    fn moment(&self) -> Arc<dyn Moment> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Moment for Blocking {
    async fn open(&self, _source: &Name, _span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        let barrier = self.0.clone();
        tokio::task::spawn_blocking(move || barrier.wait()).await.unwrap();
        Ok(Arc::new(EmptyFrame { rows: 1 }))
    }
}

/// The sample's monitor and `others` that wait for the source `stuck`; each may take 100 ms, one check computes at once.
fn with_stuck(others: usize) -> Workspace {
    let mut workspace = sample(pause());
    workspace.daemon.checks_max = Some(1);
    let good = workspace.monitors[&name("loan-auc")].clone();
    for number in 0..others {
        let mut stuck = good.clone();
        stuck.id = name(&format!("stuck-{number}"));
        stuck.input.source = name("stuck");
        stuck.check.timeout = Duration::from_millis(100);
        workspace.monitors.insert(stuck.id.clone(), stuck);
    }
    workspace
}

#[tokio::test]
async fn a_source_that_hangs_is_an_error_at_the_deadline_and_says_what_it_waited_for() {
    let stage = Stage::new(Said::default()).await;
    let engine = stage.engine_with(with_stuck(1), Arc::new(Stuck), stage.notifier.clone());
    let evaluation = timeout(Duration::from_secs(20), engine.evaluate("stuck-0", day(1))).await;
    let evaluation = evaluation.expect("it ends by itself").unwrap();
    assert_eq!(evaluation.verdict, Verdict::Error);
    let reason = evaluation.error.expect("a reason");
    assert!(reason.starts_with("ran past its deadline of 100ms while opening the source `stuck`"), "{reason}");
}

#[tokio::test]
async fn monitors_whose_sources_hang_keep_no_other_one_waiting() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.9))).await;
    let engine = stage.engine_with(with_stuck(20), Arc::new(Stuck), stage.notifier.clone());
    let stuck: Vec<_> = (0..20)
        .map(|number| {
            let engine = engine.clone();
            tokio::spawn(async move { engine.evaluate(&format!("stuck-{number}"), day(1)).await })
        })
        .collect();
    let good = timeout(Duration::from_secs(20), engine.evaluate("loan-auc", day(1))).await;
    assert_eq!(good.expect("nobody holds it up").unwrap().verdict, Verdict::Ok);
    for stuck in stuck {
        assert_eq!(stuck.await.unwrap().unwrap().verdict, Verdict::Error);
    }
}

/// Rows that can be counted; whatever else is asked of them never comes.
#[derive(Clone)]
struct OnlyCounted;

#[async_trait]
impl Frame for OnlyCounted {
    fn fields(&self) -> &[Field] {
        &[]
    }

    fn time_column(&self) -> Option<&str> {
        None
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        match asks {
            [Aggregate::Rows] => Ok(vec![Answer::Count(1000)]),
            _ => std::future::pending().await,
        }
    }

    async fn query_in(&self, _sql: &str, _memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        std::future::pending().await
    }

    async fn scan(&self, _columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        std::future::pending().await
    }
}

impl Sources for OnlyCounted {
    fn moment(&self) -> Arc<dyn Moment> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Moment for OnlyCounted {
    async fn open(&self, _source: &Name, _span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        Ok(Arc::new(Self))
    }
}

/// The checks of stuck monitors ask their rows something; the others measure without.
struct Asking;

#[async_trait]
impl Checker for Asking {
    async fn check(&self, request: CheckRequest) -> CheckOutcome {
        if request.monitor.as_str().starts_with("stuck") {
            let asked = request.current.aggregate(&[Aggregate::Mean("x".to_owned())]).await;
            return CheckOutcome::Failed(format!("{asked:?}"));
        }
        auc(0.9)
    }

    async fn manual(&self, plugin: &str) -> Result<Manual, String> {
        Err(format!("{plugin} has no manual"))
    }

    fn digest(&self, _plugin: &str) -> Option<String> {
        None
    }
}

/// The stage's ports with other data and another checker.
fn ports(stage: &Stage, sources: impl Sources + 'static, checker: impl Checker + 'static) -> Ports {
    Ports {
        clock: stage.clock.clone(),
        store: stage.store.clone(),
        sources: Arc::new(sources),
        checker: Arc::new(checker),
        actions: stage.actions.clone(),
        notifier: stage.notifier.clone(),
    }
}

#[tokio::test]
async fn a_check_that_waits_for_data_gives_its_turn_to_another_one() {
    let stage = Stage::new(Said::default()).await;
    let ports = ports(&stage, OnlyCounted, Asking);
    let mut workspace = with_stuck(3);
    // The stuck ones go on for longer than this test waits; one check computes at a time.
    workspace.monitors.values_mut().for_each(|monitor| monitor.check.timeout = Duration::from_secs(600));
    let engine = Arc::new(Engine::of_daemon(workspace, ports, &stage.process));
    let stuck: Vec<_> = (0..3)
        .map(|number| {
            let engine = engine.clone();
            tokio::spawn(async move { engine.evaluate(&format!("stuck-{number}"), day(1)).await })
        })
        .collect();
    let good = timeout(Duration::from_secs(20), engine.evaluate("loan-auc", day(1))).await;
    assert_eq!(good.expect("nobody holds it up").unwrap().verdict, Verdict::Ok);
    stuck.into_iter().for_each(|stuck| stuck.abort());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_cannot_be_interrupted_are_counted_until_they_end_and_then_the_source_is_well_again() {
    // Nine threads meet: the eight reads that a source may have under way, and this test.
    let barrier = Arc::new(std::sync::Barrier::new(9));
    let stage = Stage::new(Said::default().at(day(1), auc(0.9))).await;
    let sources = Arc::new(Blocking(barrier.clone()));
    let engine = stage.engine_with(with_stuck(9), sources, stage.notifier.clone());
    for number in 0..9 {
        let reason = engine.evaluate(&format!("stuck-{number}"), day(1)).await.unwrap().error.expect("a reason");
        let under_way = (number + 1).min(8);
        assert!(reason.contains(&format!("(reads of its source that have not ended: {under_way})")), "{reason}");
    }
    tokio::task::spawn_blocking(move || barrier.wait()).await.unwrap();
    let engine = stage.engine_with(with_stuck(1), Arc::new(ScriptedSources), stage.notifier.clone());
    assert_eq!(engine.evaluate("stuck-0", day(1)).await.unwrap().verdict, Verdict::Ok);
}

/// Gives up with a panic: on opening the source `stuck`, or on the check of what another one gave.
#[derive(Clone)]
struct GivingUp;

impl Sources for GivingUp {
    fn moment(&self) -> Arc<dyn Moment> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Moment for GivingUp {
    async fn open(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        assert!(source.as_str() != "stuck", "the source is damaged");
        Moment::open(&ScriptedSources, source, span).await
    }
}

#[async_trait]
impl Checker for GivingUp {
    async fn check(&self, _request: CheckRequest) -> CheckOutcome {
        panic!("the checker is broken")
    }

    async fn manual(&self, plugin: &str) -> Result<Manual, String> {
        Err(format!("{plugin} has no manual"))
    }

    fn digest(&self, _plugin: &str) -> Option<String> {
        None
    }
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_monitor_that_is_recorded_and_told() {
    let stage = Stage::new(Said::default()).await;
    let ports = ports(&stage, GivingUp, GivingUp);
    let mut workspace = with_stuck(1);
    workspace.monitors.values_mut().for_each(|monitor| monitor.check.timeout = Duration::from_secs(60));
    let engine = Engine::of_daemon(workspace, ports, &stage.process);
    for (monitor, said) in [("stuck-0", "the source is damaged"), ("loan-auc", "while running the check")] {
        let tick = Tick { at: day(1), monitor: name(monitor) };
        let ticked = engine.simulate_tick(&stage.clock, &tick).await.unwrap();
        assert!(ticked, "{monitor} runs");
        let incidents = stage.store.incidents(&watchkeeper_store::IncidentFilter::default()).await.unwrap();
        let incident = incidents.iter().find(|incident| incident.monitor.as_str() == monitor).expect("it is recorded");
        let detail = incident.series[0].detail.as_deref().unwrap_or_default();
        assert!(detail.contains("by a mistake in Watchkeeper") && detail.contains(said), "{detail}");
    }
}
