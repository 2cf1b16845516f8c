//! A notifier that keeps what it was told to send.

use std::sync::Mutex;

use async_trait::async_trait;
use watchkeeper_engine::ports::notifier::{Delivery, Notifier, To};
use watchkeeper_model::{Message, Name};

/// Keeps every message; each is taken at once.
#[derive(Default)]
pub struct RecordingNotifier(Mutex<Vec<(Name, Message)>>);

impl RecordingNotifier {
    /// What was sent so far, with its channel.
    pub fn sent(&self) -> Vec<(Name, Message)> {
        self.0.lock().expect("no test panics while it holds this").clone()
    }
}

#[async_trait]
impl Notifier for RecordingNotifier {
    async fn send(&self, to: To<'_>, message: &Message) -> Delivery {
        self.0.lock().expect("no test panics while it holds this").push((to.channel.clone(), message.clone()));
        Delivery::Sent(None)
    }
}
