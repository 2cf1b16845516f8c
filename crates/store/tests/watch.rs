//! What the watch runs when it comes late, and what it waits for: a clock that stands still says what it is asked for.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use watchkeeper_engine::{
    Engine, Ports,
    ports::{
        checker::{CheckOutcome, CheckRequest, Checker, Manual},
        clock::Clock,
        store::Store,
    },
};
use watchkeeper_model::{Action, Cron, GateAction, GateState, Misfire, Name, Time, Workspace};
use watchkeeper_testkit::{RecordingNotifier, ScriptedActions, ScriptedSources, monitor, runbook, time, workspace};

/// Stands still, and passes on what is waited for.
struct StandingClock {
    now: Time,
    waited_for: mpsc::UnboundedSender<Time>,
}

#[async_trait]
impl Clock for StandingClock {
    fn now(&self) -> Time {
        self.now
    }

    async fn sleep_until(&self, time: Time) {
        self.waited_for.send(time).expect("the test listens");
        std::future::pending().await
    }
}

/// Sleeps too long the first time it is to wait for a tick, as a machine does whose lid was shut; then stands still.
struct SleepyClock {
    now: Mutex<Time>,
    slept: mpsc::UnboundedSender<Time>,
    wakes_at: Mutex<Option<Time>>,
}

#[async_trait]
impl Clock for SleepyClock {
    fn now(&self) -> Time {
        *self.now.lock().expect("no test panics while it holds this")
    }

    async fn sleep_until(&self, time: Time) {
        let is_tick = time >= self.now() + chrono::TimeDelta::seconds(20);
        let wakes_at = if is_tick { self.wakes_at.lock().expect("no panic").take() } else { None };
        let Some(wakes_at) = wakes_at else {
            // Whoever listened may be gone.
            let _ = self.slept.send(time);
            return std::future::pending().await;
        };
        *self.now.lock().expect("no test panics while it holds this") = wakes_at;
    }
}

/// Remembers for which ticks it was asked.
#[derive(Default)]
struct Ticks(Mutex<Vec<Time>>);

#[async_trait]
impl Checker for Ticks {
    async fn check(&self, request: CheckRequest) -> CheckOutcome {
        self.0.lock().expect("no test panics while it holds this").push(request.scheduled_at);
        CheckOutcome::NoData("nothing is measured here".to_owned())
    }

    async fn manual(&self, plugin: &str) -> Result<Manual, String> {
        Err(format!("{plugin} has no manual"))
    }

    fn digest(&self, _plugin: &str) -> Option<String> {
        None
    }
}

const MARK: &str = "2026-03-02T06:00:00Z";
const NOW: &str = "2026-03-02T06:05:20Z";
const NEXT: &str = "2026-03-02T06:06:00Z";

/// Due every minute; a tick may begin three minutes late.
fn every_minute(misfire: Misfire, jitter: Duration) -> Workspace {
    let mut monitor = monitor();
    monitor.schedule.cron = Cron::parse("* * * * *").expect("a crontab line");
    monitor.schedule.misfire = misfire;
    monitor.schedule.jitter = jitter;
    monitor.schedule.starting_deadline = Duration::from_secs(180);
    let gate = Name::parse("loan-decisions").expect("a name");
    workspace(monitor, runbook(Action::Gate(GateAction { gate, state: GateState::Paused })))
}

/// Starts to watch at [`NOW`] where [`MARK`] was the last tick; gives the ticks run, the time waited for and the mark.
async fn late(misfire: Misfire, jitter: Duration) -> (Vec<Time>, Time, Option<Time>) {
    let (waited_for, waits) = mpsc::unbounded_channel();
    let clock = Arc::new(StandingClock { now: time(NOW), waited_for });
    watched(clock, waits, NEXT, every_minute(misfire, jitter)).await
}

/// Watches where [`MARK`] was the last tick, until something is waited for that is not before `last`.
async fn watched(
    clock: Arc<dyn Clock>,
    mut waits: mpsc::UnboundedReceiver<Time>,
    last: &str,
    workspace: Workspace,
) -> (Vec<Time>, Time, Option<Time>) {
    let store = Arc::new(common::store().await);
    let id = workspace.monitors.keys().next().expect("a monitor").clone();
    store.skip_to(&id, time(MARK)).await.expect("the mark is set");
    let ticks = Arc::new(Ticks::default());
    let ports = Ports {
        clock,
        store: store.clone(),
        sources: Arc::new(ScriptedSources),
        checker: ticks.clone(),
        actions: Arc::new(ScriptedActions::default()),
        notifier: Arc::new(RecordingNotifier::default()),
    };
    let (stop, stopped) = watch::channel(false);
    let engine = Arc::new(Engine::new(workspace, ports));
    let watching = tokio::spawn(async move { engine.watch(stopped).await });
    // What the outbox waits for is sooner.
    let mut next = time(MARK);
    while next < time(last) {
        next = waits.recv().await.expect("the watch waits");
    }
    stop.send_replace(true);
    watching.await.expect("no panic");
    let ran = ticks.0.lock().expect("no test panics while it holds this").clone();
    (ran, next, store.high_water(&id).await.expect("the mark is read"))
}

fn minutes(minutes: &[u32]) -> Vec<Time> {
    minutes.iter().map(|minute| time(&format!("2026-03-02T06:{minute:02}:00Z"))).collect()
}

#[tokio::test]
async fn missed_ticks_that_may_still_begin_run_as_the_policy_says_and_are_passed_over_for_good() {
    for (misfire, ran) in
        [(Misfire::Skip, minutes(&[])), (Misfire::Latest, minutes(&[5])), (Misfire::All, minutes(&[3, 4, 5]))]
    {
        let mark = Some(time("2026-03-02T06:05:00Z"));
        assert_eq!(late(misfire, Duration::ZERO).await, (ran, time(NEXT), mark), "{misfire:?}");
    }
}

#[tokio::test]
async fn jitter_delays_a_tick_and_is_the_same_every_time() {
    let (_, first, _) = late(Misfire::Latest, Duration::from_secs(45)).await;
    let (_, second, _) = late(Misfire::Latest, Duration::from_secs(45)).await;
    assert!(first > time(NEXT) && first < time(NEXT) + Duration::from_secs(45), "{first}");
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_tick_that_wakes_late_is_a_missed_one_and_the_misfire_policy_holds() {
    for (misfire, ran) in [(Misfire::Skip, minutes(&[])), (Misfire::Latest, minutes(&[5, 8]))] {
        // It sleeps from 06:05:20 on for the tick of 06:06, and wakes at 06:08:10.
        let (slept, waits) = mpsc::unbounded_channel();
        let wakes_at = Mutex::new(Some(time("2026-03-02T06:08:10Z")));
        let clock = SleepyClock { now: Mutex::new(time(NOW)), slept, wakes_at };
        let workspace = every_minute(misfire, Duration::ZERO);
        let (found, next, mark) = watched(Arc::new(clock), waits, "2026-03-02T06:09:00Z", workspace).await;
        assert_eq!(found, ran, "{misfire:?}");
        assert_eq!((next, mark), (time("2026-03-02T06:09:00Z"), Some(time("2026-03-02T06:08:00Z"))));
    }
}
