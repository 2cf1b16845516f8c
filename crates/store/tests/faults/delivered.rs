//! Delivered: no peer's manners use up a message, and what a channel does not take reaches its team on another.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use watchkeeper_engine::{
    SimulatedClock,
    ports::{
        clock::Clock,
        notifier::{Delivery, Notifier, To},
        store::Store as _,
    },
};
use watchkeeper_model::{Channel, Message, MessageKind, Name, Time, Workspace};
use watchkeeper_testkit::ScriptedSources;

use crate::stage::{Said, Stage, auc, day, name, restart, sample};

/// What a channel answers at a time.
type Answer = fn(Time) -> Delivery;

/// Peers that answer by channel, as the clock says.
struct Peers {
    clock: Arc<SimulatedClock>,
    answers: BTreeMap<Name, Answer>,
    took: Mutex<Vec<(Name, Message)>>,
}

impl Peers {
    fn on(stage: &Stage, answers: &[(&str, Answer)]) -> Arc<Self> {
        let answers = answers.iter().map(|(channel, answer)| (name(channel), *answer)).collect();
        Arc::new(Self { clock: stage.clock.clone(), answers, took: Mutex::default() })
    }

    fn took(&self) -> Vec<(Name, MessageKind)> {
        self.took.lock().unwrap().iter().map(|(channel, message)| (channel.clone(), message.kind)).collect()
    }
}

#[async_trait]
impl Notifier for Peers {
    async fn send(&self, to: To<'_>, message: &Message) -> Delivery {
        let Some(answer) = self.answers.get(to.channel) else {
            return Delivery::Refused(format!("there is no channel `{}`", to.channel));
        };
        let delivery = answer(self.clock.now());
        if matches!(delivery, Delivery::Sent(_)) {
            self.took.lock().unwrap().push((to.channel.clone(), message.clone()));
        }
        delivery
    }
}

/// The sample, whose team is told on these channels.
fn told_on(channels: &[&str], fallback: Option<&str>) -> Workspace {
    let mut workspace = sample(restart());
    workspace.teams.get_mut(&name("ml-team")).unwrap().notify = channels.iter().map(|channel| name(channel)).collect();
    workspace.channels = channels.iter().chain(&fallback).map(|channel| (name(channel), Channel::Console)).collect();
    workspace.daemon.fallback = fallback.map(name);
    workspace
}

async fn after_a_breach(stage: &Stage, peers: &Arc<Peers>, workspace: Workspace, length: Duration) {
    let engine = stage.engine_with(workspace, Arc::new(ScriptedSources), peers.clone());
    stage.tick(&engine, day(1)).await;
    engine.simulate_until(&stage.clock, day(1) + length).await.unwrap();
}

#[tokio::test]
async fn a_peer_that_is_busy_for_two_minutes_and_asks_for_no_patience_gets_the_handoff() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let busy: Answer = |now| match now < day(1) + Duration::from_secs(120) {
        true => Delivery::Retry { reason: "503".to_owned(), after: Some(Duration::ZERO) },
        false => Delivery::Sent(None),
    };
    let peers = Peers::on(&stage, &[("hook", busy)]);
    after_a_breach(&stage, &peers, told_on(&["hook"], None), Duration::from_secs(600)).await;
    assert_eq!(peers.took(), [(name("hook"), MessageKind::Handoff)]);
    let tries = stage.store.handoffs().await.unwrap().remove(0).notifications.len();
    assert!(tries <= 7, "{tries} tries in two minutes");
}

#[tokio::test]
async fn a_credential_that_is_replaced_within_two_minutes_costs_no_message() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let rotated: Answer = |now| match now < day(1) + Duration::from_secs(100) {
        true => Delivery::Unwell("401 Unauthorized".to_owned()),
        false => Delivery::Sent(None),
    };
    let peers = Peers::on(&stage, &[("hook", rotated)]);
    after_a_breach(&stage, &peers, told_on(&["hook"], None), Duration::from_secs(600)).await;
    assert_eq!(peers.took(), [(name("hook"), MessageKind::Handoff)]);
}

#[tokio::test]
async fn what_every_channel_of_a_team_refuses_goes_to_the_fallback_which_says_why() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let refuses: Answer = |_| Delivery::Refused("the channel is archived".to_owned());
    let peers = Peers::on(&stage, &[("slack", refuses), ("hook", refuses), ("ops", |_| Delivery::Sent(None))]);
    after_a_breach(&stage, &peers, told_on(&["slack", "hook"], Some("ops")), Duration::from_secs(60)).await;
    assert_eq!(peers.took(), [(name("ops"), MessageKind::Handoff)], "once");
    let note = peers.took.lock().unwrap()[0].1.note.clone().unwrap();
    assert!(note.contains("did not take it: the channel is archived"), "{note}");
}

#[tokio::test]
async fn a_team_that_is_told_on_another_channel_is_not_told_twice() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let refuses: Answer = |_| Delivery::Refused("gone".to_owned());
    let peers = Peers::on(&stage, &[("slack", refuses), ("hook", |_| Delivery::Sent(None))]);
    after_a_breach(&stage, &peers, told_on(&["slack", "hook"], Some("hook")), Duration::from_secs(60)).await;
    assert_eq!(peers.took(), [(name("hook"), MessageKind::Handoff)]);
    let undelivered = stage.store.undelivered(day(1)).await.unwrap();
    assert_eq!(undelivered.iter().map(|row| row.channel.as_str()).collect::<Vec<_>>(), ["slack"]);
    let troubles: Vec<String> = stage.process.health().troubles().into_iter().map(|trouble| trouble.part).collect();
    assert_eq!(troubles, ["channel slack"], "for /healthz");
}

#[tokio::test]
async fn a_channel_that_was_renamed_takes_its_messages_along() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let away: Answer = |_| Delivery::Retry { reason: "away".to_owned(), after: None };
    let before = Peers::on(&stage, &[("mail-ml", away)]);
    after_a_breach(&stage, &before, told_on(&["mail-ml"], None), Duration::from_secs(2)).await;
    let renamed = Peers::on(&stage, &[("mail-of-ml", |_| Delivery::Sent(None))]);
    let engine = stage.engine_with(told_on(&["mail-of-ml"], None), Arc::new(ScriptedSources), renamed.clone());
    engine.simulate_until(&stage.clock, day(1) + Duration::from_secs(60)).await.unwrap();
    assert_eq!(renamed.took(), [(name("mail-of-ml"), MessageKind::Handoff)]);
}

#[tokio::test]
async fn a_refused_reminder_does_not_end_the_later_ones() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let mut workspace = told_on(&["hook"], None);
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().alert.repeat = Some(Duration::from_secs(3600));
    let rotated: Answer = |now| match (50 * 60..70 * 60).contains(&(now - day(1)).num_seconds()) {
        true => Delivery::Refused("no".to_owned()),
        false => Delivery::Sent(None),
    };
    let peers = Peers::on(&stage, &[("hook", rotated)]);
    after_a_breach(&stage, &peers, workspace, Duration::from_secs(3 * 3600)).await;
    assert_eq!(peers.took(), [(name("hook"), MessageKind::Handoff), (name("hook"), MessageKind::Reminder)]);
    assert!(stage.store.next_due().await.unwrap().is_some());
}
