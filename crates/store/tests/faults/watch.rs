//! The loops under a panic and under a store that is away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{Connection as _, SqliteConnection};
use tokio::{sync::watch, time::timeout};
use watchkeeper_engine::{
    Engine, Ports, Process, SimulatedClock,
    ports::{
        checker::{CheckOutcome, CheckRequest, Checker, Manual},
        store::Store as _,
    },
};
use watchkeeper_model::{MessageKind, Workspace};
use watchkeeper_store::SqlStore;
use watchkeeper_testkit::{RecordingNotifier, ScriptedActions, ScriptedSources, time};

use crate::stage::{auc, day, name, pause, sample};

/// Always in breach; the first `panics` times that it is asked for its digest, it panics. (A check that panics is an error,
/// and no matter for the loop.)
#[derive(Default)]
struct Breach {
    panics: u32,
    asked: AtomicU32,
}

#[async_trait]
impl Checker for Breach {
    async fn check(&self, _request: CheckRequest) -> CheckOutcome {
        auc(0.5)
    }

    async fn manual(&self, plugin: &str) -> Result<Manual, String> {
        Err(format!("{plugin} has no manual"))
    }

    fn digest(&self, _plugin: &str) -> Option<String> {
        assert!(self.asked.fetch_add(1, Ordering::SeqCst) >= self.panics, "this panics on purpose");
        None
    }
}

/// A daemon's engine on a clock that runs as fast as it can: waiting moves it.
struct Daemon {
    store: Arc<SqlStore>,
    checks: Arc<Breach>,
    notifier: Arc<RecordingNotifier>,
    process: Process,
    stop: watch::Sender<bool>,
    watching: tokio::task::JoinHandle<()>,
}

/// The sample, never too late.
fn patient() -> Workspace {
    let mut workspace = sample(pause());
    let watched = workspace.monitors.get_mut(&name("loan-auc")).unwrap();
    watched.schedule.starting_deadline = Duration::from_secs(100 * 366 * 86_400);
    workspace
}

impl Daemon {
    fn start(store: Arc<SqlStore>, checks: Breach, workspace: Workspace) -> Self {
        let (checks, notifier) = (Arc::new(checks), Arc::new(RecordingNotifier::default()));
        let ports = Ports {
            clock: Arc::new(SimulatedClock::at(time("2026-03-01T00:00:00Z"))),
            store: store.clone(),
            sources: Arc::new(ScriptedSources),
            checker: checks.clone(),
            actions: Arc::new(ScriptedActions::default()),
            notifier: notifier.clone(),
        };
        let process = Process::default();
        let engine = Engine::of_daemon(workspace, ports, &process);
        let (stop, stopped) = watch::channel(false);
        let watching = tokio::spawn(async move { engine.watch(stopped).await });
        Self { store, checks, notifier, process, stop, watching }
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(60), waiting).await.expect(what);
    }

    fn told(&self, kind: MessageKind) -> bool {
        self.notifier.sent().iter().any(|(_, message)| message.kind == kind)
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        timeout(Duration::from_secs(60), self.watching).await.expect("it stops").expect("no panic");
    }
}

#[tokio::test]
async fn a_tick_that_panics_costs_its_monitor_a_pause_and_is_run_again() {
    let store = Arc::new(crate::common::store().await);
    let daemon = Daemon::start(store, Breach { panics: 2, ..Breach::default() }, patient());
    daemon.until("the trouble is shown", |daemon| !daemon.process.health().troubles().is_empty()).await;
    daemon.until("the owner is told", |daemon| daemon.told(MessageKind::Handoff)).await;
    daemon.until("the trouble is over", |daemon| daemon.process.health().troubles().is_empty()).await;
    let opened = daemon.store.handoffs().await.unwrap()[0].opened_at;
    assert_eq!(opened, day(1), "the tick that panicked is the one that was run again");
    assert!(daemon.checks.asked.load(Ordering::SeqCst) >= 3);
    daemon.stop().await;
}

#[tokio::test]
async fn a_tick_that_was_claimed_long_ago_is_passed_over_at_the_start() {
    let store = Arc::new(crate::common::store().await);
    let january = time("2026-01-22T06:00:00Z");
    store.claim(&name("loan-auc"), january, january).await.unwrap().unwrap();
    let mut workspace = sample(pause());
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().schedule.cron =
        watchkeeper_model::Cron::parse("0 6 1 1 *").unwrap();
    let daemon = Daemon::start(store.clone(), Breach::default(), workspace);
    let passed_over = async {
        while !store.unfinished_ticks(None).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), passed_over).await.expect("it is passed over");
    let ledger = store.ledger(1, 10).await.unwrap();
    assert_eq!((ledger[0].kind.as_str(), ledger[0].subject.as_str()), ("tick.passed_over", "loan-auc"));
    assert!(store.evaluation(&name("loan-auc"), january).await.unwrap().is_none());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_raises_an_alarm_and_everything_is_done_and_told_after_its_return() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqlStore::open(folder.path()).await.unwrap());
    let file = format!("sqlite://{}", folder.path().join("watchkeeper.db").display());
    let mut other = SqliteConnection::connect(&file).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();

    let daemon = Daemon::start(store, Breach::default(), patient());
    daemon.until("an alarm", |daemon| daemon.told(MessageKind::Alarm)).await;
    assert!(!daemon.told(MessageKind::Handoff));
    let parts: Vec<String> = daemon.process.health().troubles().into_iter().map(|trouble| trouble.part).collect();
    assert!(parts.contains(&"store".to_owned()), "{parts:?}");

    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    daemon.until("the owner is told", |daemon| daemon.told(MessageKind::Handoff)).await;
    daemon.until("all is well", |daemon| daemon.process.health().troubles().is_empty()).await;
    assert_eq!(daemon.store.handoffs().await.unwrap().len(), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn a_tick_that_its_owner_let_go_of_is_taken_up_before_the_next_one_is_due() {
    // On this clock a wait is over at once, so a store that takes its time loses the race with the next tick.
    let store = Arc::new(SqlStore::in_memory().await.unwrap());
    let mut workspace = patient();
    // The next tick is a year away.
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().schedule.cron =
        watchkeeper_model::Cron::parse("0 6 1 1 *").unwrap();
    let daemon = Daemon::start(store.clone(), Breach::default(), workspace);
    daemon.until("it watches", |daemon| daemon.process.health().stalled(day(1)).is_empty()).await;
    // As an engine of an older configuration does that claims a tick and fails.
    let (gone, claimed) = (name("gone"), time("2026-02-28T06:00:00Z"));
    store.claim(&name("loan-auc"), claimed, claimed).await.unwrap().unwrap();
    store.claim(&gone, claimed, claimed).await.unwrap().unwrap();
    daemon.until("the owner is told", |daemon| daemon.told(MessageKind::Handoff)).await;
    assert_eq!(daemon.store.handoffs().await.unwrap()[0].opened_at, claimed);
    let passed_over = async {
        while !store.unfinished_ticks(None).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), passed_over).await.expect("a monitor that is gone runs nothing");
    daemon.stop().await;
}
