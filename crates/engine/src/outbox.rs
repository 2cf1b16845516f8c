//! The outbox: messages are sent at least once, each in a task of its own, so that a channel that hangs holds nobody
//! else up. What was being sent when its task ended badly is sent again.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt as _, future::join_all};
use tokio::{
    sync::{Mutex, Notify},
    task::JoinSet,
};
use watchkeeper_model::{Channel, Name, Time, Workspace};

use crate::{
    compose,
    error::EngineError,
    fault_points::{Point, Side, reach},
    in_hand::{Held, InHand, Piece},
    ports::{
        meter::Counted,
        notifier::{Delivery, Notifier, To},
        store::{Delivered, OutboxItem, Store, StoreError},
    },
    retry::Retry,
    supervise::{Stop, let_go, rest, turned},
};

/// The part's name in health.
pub(crate) const PART: &str = "outbox";
/// The outbox is looked at this often even when nothing rings.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The pause after a look that failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How long messages are gathered once there is one.
const GATHERING: Duration = Duration::from_millis(500);
/// Messages taken at once.
const BATCH: u32 = 32;
/// Deliveries tried before a message is given up: about a day of attempts.
const ATTEMPTS_MAX: u32 = 100;
/// Deliveries tried of what a peer refuses that may be well again soon: about two and a half minutes.
const UNWELL_ATTEMPTS_MAX: u32 = 6;
/// The longest pause between attempts, whatever a peer asks for.
const BACKOFF_MAX: Duration = Duration::from_secs(15 * 60);

/// Sends what falls due.
pub(crate) struct Outbox {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) notifier: Arc<dyn Notifier>,
    pub(crate) retry: Retry,
    pub(crate) in_hand: Arc<InHand>,
    /// Held while messages change hands, so that what has just been taken is not taken for stranded.
    pub(crate) taking: Arc<Mutex<()>>,
    /// Rung when a message may have become due.
    pub(crate) bell: Arc<Notify>,
}

impl Outbox {
    /// Rings: a message may have become due.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Sends until asked to stop, then lets what is under way finish.
    pub(crate) async fn watch(self: Arc<Self>, mut stop: Stop) -> Result<(), EngineError> {
        let mut under_way = JoinSet::new();
        while !*stop.borrow() {
            let now = self.retry.clock.now();
            self.retry.health.beat(PART, now);
            let next = turned(PART, &self.retry, self.look(&mut under_way).await);
            rest(&self.retry, next.unwrap_or(now + PAUSE_AFTER_FAILURE), &self.bell, &mut stop).await;
            // What happens together is told together; no act waits for this.
            drop(tokio::time::timeout(GATHERING, stop.wait_for(|stopping| *stopping)).await);
        }
        while under_way.join_next().await.is_some() {}
        Ok(())
    }

    /// Starts every delivery that is due and says when to look again.
    async fn look(self: &Arc<Self>, under_way: &mut JoinSet<()>) -> Result<Time, StoreError> {
        for parcel in self.take_due().await? {
            let outbox = Arc::clone(self);
            under_way.spawn(async move { outbox.deliver_logged(parcel).await });
        }
        let_go(PART, under_way);
        let now = self.retry.clock.now();
        let next = self.store.next_due().await?;
        Ok(next.map_or(now + LOOK_EVERY, |due| due.clamp(now, now + LOOK_EVERY)))
    }

    /// Sends every message that is due now, and waits for them. They begin in the order in which they are due.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        loop {
            let due = self.retry.until_answered(|| self.take_due()).await?;
            if due.is_empty() {
                return Ok(());
            }
            let deliveries = due.into_iter().map(|parcel| async move {
                // One that panics is sent again, as it is when it has a task of its own.
                let delivered = AssertUnwindSafe(self.deliver_logged(parcel)).catch_unwind().await;
                if delivered.is_err() {
                    tracing::error!("a delivery ended by a mistake in Watchkeeper");
                }
            });
            join_all(deliveries).await;
        }
    }

    /// When the next message is due.
    pub(crate) async fn next_due(&self) -> Result<Option<Time>, StoreError> {
        self.store.next_due().await
    }

    /// Takes messages that are due, those first that nobody is sending any more.
    async fn take_due(&self) -> Result<Vec<Parcel>, StoreError> {
        let _turn = self.taking.lock().await;
        let now = self.retry.clock.now();
        let sending = self.store.sending().await?;
        let stranded: Vec<i64> = sending.into_iter().filter(|id| !self.in_hand.has(&Piece::Message(*id))).collect();
        if !stranded.is_empty() {
            self.store.send_again(&stranded, now).await?;
        }
        let due = self.store.due(now, BATCH, &self.workspace.quiet(now)).await?;
        let held = |item: OutboxItem| self.in_hand.take(Piece::Message(item.id)).map(|held| (item, held));
        let takes_each = |channel: &Name| self.workspace.channels.get(channel).is_some_and(Channel::takes_each);
        Ok(parcels(due.into_iter().filter_map(held).collect(), takes_each))
    }

    async fn deliver_logged(&self, parcel: Parcel) {
        let (items, held): (Vec<OutboxItem>, Vec<Held>) = parcel.into_iter().unzip();
        let delivery = self.send(&items).await;
        for item in &items {
            match self.record(item, delivery.clone()).await {
                // Another owner records it.
                Ok(()) | Err(StoreError::Fenced) => {}
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(message = %item.message.id, error, "a delivery cannot be recorded");
                }
            }
        }
        drop(held);
        // What this delivery held back, or its next attempt, may be due earlier than the outbox is looked at.
        self.ring();
    }

    /// Sends one message, or one for all of them.
    async fn send(&self, items: &[OutboxItem]) -> Delivery {
        let Some(first) = items.first() else { return Delivery::Sent(None) };
        // One whose deliveries never came to an end is not tried for ever.
        if first.attempts >= ATTEMPTS_MAX {
            return Delivery::Refused(format!("given up after {ATTEMPTS_MAX} attempts"));
        }
        let digest = compose::digest(items.iter().map(|item| item.message.clone()).collect());
        let thread = first.thread.as_ref().filter(|_| digest.is_none());
        let to = To { channel: &first.channel, receiver: first.receiver.as_deref(), thread };
        reach(Point::MessageSend, Side::Before);
        let delivery = self.notifier.send(to, digest.as_ref().unwrap_or(&first.message)).await;
        reach(Point::MessageSend, Side::After);
        delivery
    }

    async fn record(&self, item: &OutboxItem, delivery: Delivery) -> Result<(), StoreError> {
        let now = self.retry.clock.now();
        let delivered = ended(delivery, item, now);
        let instead = match &delivered {
            Delivered::GivenUp(reason) => compose::instead(&self.workspace, item, reason, now),
            Delivered::Sent(_) | Delivered::Again { .. } => Vec::new(),
        };
        let ask = || self.store.delivered(item, &delivered, &instead, now);
        let handed_to = self.retry.until_answered(ask).await?;
        let outcome = match &delivered {
            Delivered::Sent(_) => "sent",
            Delivered::GivenUp(_) => "failed",
            Delivered::Again { .. } => "retry",
        };
        self.retry.meter.count(&Counted::Message { channel: &item.channel, outcome });
        self.tell(item, &delivered, handed_to.as_ref(), now);
        Ok(())
    }

    /// A channel that takes nothing is a matter of health until it takes something again.
    fn tell(&self, item: &OutboxItem, delivered: &Delivered, handed_to: Option<&Name>, now: Time) {
        let receiver = item.receiver.as_ref().map(|receiver| format!(" ({receiver})")).unwrap_or_default();
        let part = format!("channel {}{receiver}", item.channel);
        // One that left the configuration is nobody's trouble once another has its messages.
        let is_gone = handed_to.is_some() && !self.workspace.channels.contains_key(&item.channel);
        match delivered {
            Delivered::Sent(_) => return self.retry.health.well(&part),
            Delivered::GivenUp(reason) if !is_gone => self.retry.health.failed(&part, reason.clone(), now),
            Delivered::GivenUp(_) | Delivered::Again { .. } => {}
        }
        let handed_to = handed_to.map(Name::as_str);
        tracing::warn!(channel = %item.channel, receiver = item.receiver, message = %item.message.id,
            outcome = %delivered, handed_to, "notification not delivered");
    }
}

/// What is told of at once: one message, or so many to one place that they are told as one.
type Parcel = Vec<(OutboxItem, Held)>;

/// Puts together what goes to one place, where it is too much to be told one by one.
fn parcels(due: Vec<(OutboxItem, Held)>, takes_each: impl Fn(&Name) -> bool) -> Vec<Parcel> {
    let mut by_place: BTreeMap<(Name, Option<String>, bool), Parcel> = BTreeMap::new();
    for (item, held) in due {
        // What is given up takes nothing else with it.
        let place = (item.channel.clone(), item.receiver.clone(), item.attempts >= ATTEMPTS_MAX);
        by_place.entry(place).or_default().push((item, held));
    }
    let apart = |parcel: Parcel| match parcel.len() {
        compose::DIGEST_MIN.. if !parcel.iter().any(|(item, _)| takes_each(&item.channel)) => vec![parcel],
        _ => parcel.into_iter().map(|one| vec![one]).collect(),
    };
    let mut parcels: Vec<Parcel> = by_place.into_values().flat_map(apart).collect();
    // They begin in the order in which they were due.
    parcels.sort_by_key(|parcel| parcel.first().map(|(item, _)| item.id));
    parcels
}

/// What a delivery's end means for its message.
fn ended(delivery: Delivery, item: &OutboxItem, now: Time) -> Delivered {
    let attempts = item.attempts;
    match delivery {
        Delivery::Sent(reference) => Delivered::Sent(reference),
        Delivery::Refused(reason) => Delivered::GivenUp(reason),
        Delivery::Unwell(reason) if attempts + 1 >= UNWELL_ATTEMPTS_MAX => Delivered::GivenUp(reason),
        Delivery::Unwell(reason) => Delivered::Again { reason, at: now + backoff(attempts) },
        Delivery::Retry { reason, .. } if attempts + 1 >= ATTEMPTS_MAX => {
            Delivered::GivenUp(format!("{reason} (given up after {ATTEMPTS_MAX} attempts)"))
        }
        Delivery::Retry { reason, after } => {
            // A peer may ask for more patience than ours, never for less.
            let pause = after.unwrap_or_default().min(BACKOFF_MAX).max(backoff(attempts));
            Delivered::Again { reason, at: now + pause }
        }
    }
}

/// 5 s, 10 s, 20 s … up to a quarter of an hour.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(5).saturating_mul(2_u32.saturating_pow(attempts.min(10))).min(BACKOFF_MAX)
}
