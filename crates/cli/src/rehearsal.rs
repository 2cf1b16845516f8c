//! A rehearsal's ports: steps that are only pretended, and messages that are kept instead of sent.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use watchkeeper_engine::ports::{
    action::{ActionCall, ActionEnd, Actions, Probe},
    notifier::{Delivery, Notifier, To},
};
use watchkeeper_model::{Message, Name};
use watchkeeper_notify::Wording;

/// Actions that are only pretended.
pub(crate) struct Pretended;

#[async_trait]
impl Actions for Pretended {
    async fn perform(&self, _call: &ActionCall) -> ActionEnd {
        ActionEnd::done("rehearsed, not done")
    }

    async fn probe(&self, _call: &ActionCall) -> Probe {
        Probe::Absent
    }
}

/// The messages of a rehearsal, in the order they would be sent.
#[derive(Clone, Default)]
pub(crate) struct Tellings(Arc<Mutex<Vec<Telling>>>);

/// One message and where it would go.
struct Telling {
    message: Message,
    channels: Vec<Name>,
}

impl Tellings {
    /// What would have been sent since the last time, each message once.
    pub(crate) fn take(&self) -> String {
        let tellings = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        tellings.iter().map(Telling::told).collect::<Vec<_>>().join("\n\n")
    }
}

impl Telling {
    fn goes_to(&self, channel: &Name) -> bool {
        self.channels.contains(channel)
    }

    fn told(&self) -> String {
        let channels: Vec<&str> = self.channels.iter().map(Name::as_str).collect();
        let wording = Wording::rehearsed(&self.message);
        let head = "rehearsed: nothing was done, nothing was sent";
        let text = wording.to_text();
        format!("{head} (would go to {})\n{}\n{}", channels.join(", "), wording.subject, text.trim_end())
    }
}

#[async_trait]
impl Notifier for Tellings {
    async fn send(&self, To { channel, receiver, .. }: To<'_>, message: &Message) -> Delivery {
        // Its id names the channel, and the head is that of a ledger that nobody keeps.
        let message = Message { id: String::new(), ledger_head: String::new(), ..message.clone() };
        let mut tellings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A channel of several mailboxes is told once for each of them.
        let same = |known: &&mut Telling| known.message == message && (receiver.is_some() || !known.goes_to(channel));
        match tellings.iter_mut().find(same) {
            Some(known) if known.goes_to(channel) => {}
            Some(known) => known.channels.push(channel.clone()),
            None => tellings.push(Telling { message, channels: vec![channel.clone()] }),
        }
        Delivery::Sent(None)
    }
}
