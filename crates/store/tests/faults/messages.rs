//! Channels that hang or whose code panics hold up neither steps nor other messages, and lose nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::timeout;
use watchkeeper_engine::ports::notifier::{Delivery, Notifier, To};
use watchkeeper_model::{Message, MessageKind, Step, StepRun};
use watchkeeper_testkit::RecordingNotifier;

use crate::stage::{Said, Stage, auc, day, name, restart, sample};

/// Never ends.
struct Hanging;

#[async_trait]
impl Notifier for Hanging {
    async fn send(&self, _to: To<'_>, _message: &Message) -> Delivery {
        std::future::pending().await
    }
}

/// Panics the first time.
#[derive(Default)]
struct Panicking {
    tries: AtomicU32,
    then: RecordingNotifier,
}

#[async_trait]
impl Notifier for Panicking {
    async fn send(&self, to: To<'_>, message: &Message) -> Delivery {
        assert!(self.tries.fetch_add(1, Ordering::SeqCst) > 0, "the first try panics on purpose");
        self.then.send(to, message).await
    }
}

#[tokio::test]
async fn a_channel_that_hangs_does_not_keep_the_second_step_waiting() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let mut workspace = sample(restart());
    let runbook = workspace.runbooks.get_mut(&name("model-degradation")).unwrap();
    runbook.rest = vec![Step { id: name("second"), run: StepRun::Auto, ..runbook.first.clone() }];
    let engine = stage.engine_with(workspace, Arc::new(watchkeeper_testkit::ScriptedSources), Arc::new(Hanging));
    let clock = stage.clock.clone();
    let ticking = tokio::spawn(async move {
        let tick = watchkeeper_engine::Tick { at: day(1), monitor: name("loan-auc") };
        engine.simulate_tick(&clock, &tick).await
    });
    let both = async {
        while stage.actions.count() < 2 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), both).await.expect("the second step runs");
    ticking.abort();
}

/// Always panics.
struct Broken;

#[async_trait]
impl Notifier for Broken {
    async fn send(&self, _to: To<'_>, _message: &Message) -> Delivery {
        panic!("it panics on purpose")
    }
}

#[tokio::test]
async fn a_message_whose_deliveries_always_panic_is_given_up_in_the_end() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let sources = Arc::new(watchkeeper_testkit::ScriptedSources);
    let engine = stage.engine_with(sample(restart()), sources, Arc::new(Broken));
    timeout(Duration::from_secs(60), stage.tick(&engine, day(1))).await.expect("it ends");
    let handoff = stage.store.handoffs().await.unwrap().remove(0);
    assert_eq!(handoff.notifications[0].outcome, "failed: given up after 100 attempts");
}

#[tokio::test]
async fn a_message_whose_delivery_panicked_is_sent_again() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let notifier = Arc::new(Panicking::default());
    let sources = Arc::new(watchkeeper_testkit::ScriptedSources);
    let engine = stage.engine_with(sample(restart()), sources, notifier.clone());
    stage.tick(&engine, day(1)).await;
    let kinds: Vec<MessageKind> = notifier.then.sent().iter().map(|(_, message)| message.kind).collect();
    assert_eq!(kinds, [MessageKind::Handoff]);
    assert_eq!(notifier.tries.load(Ordering::SeqCst), 2);
}
