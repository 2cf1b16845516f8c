//! Slack: `chat.postMessage` with Block Kit, one message per second per channel.

mod answer;
mod blocks;
mod connect;

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Deserialize;
use slack_morphism::{
    SlackApiToken, api::SlackApiChatPostMessageRequest, errors::SlackClientError, hyper_tokio::SlackHyperClient,
};
use tokio::{
    sync::Mutex,
    time::{Interval, MissedTickBehavior, interval},
};
use watchkeeper_engine::ports::notifier::{Delivery, Thread};
use watchkeeper_model::{Message, SlackChannel};
use watchkeeper_secret::SecretReader;

use crate::{
    reason::{reason_of, retry, timed_out},
    wording::Wording,
};

/// Posts to one Slack channel.
pub(crate) struct Slack {
    channel: SlackChannel,
    client: SlackHyperClient,
    secrets: SecretReader,
    /// Slack takes one message per second per channel; made at the first message, because it needs the runtime.
    pace: Mutex<Option<Interval>>,
    /// The total time limit of one message, waiting for its turn not counted.
    pub(crate) limit: Duration,
}

/// What is read of Slack's answer. A `ts` is the proof that Slack took it: a stranger's 200 has none.
#[derive(Deserialize)]
struct Posted {
    channel: String,
    ts: String,
}

impl Slack {
    pub(crate) fn new(channel: SlackChannel, secrets: SecretReader) -> Result<Self, String> {
        let client = connect::client(channel.url.as_deref())?;
        Ok(Self { channel, client, secrets, pace: Mutex::new(None), limit: Duration::from_secs(30) })
    }

    pub(crate) async fn send(&self, message: &Message, wording: &Wording, _thread: Option<&Thread>) -> Delivery {
        let token = match self.secrets.resolve(&self.channel.token) {
            Ok(token) => SlackApiToken::new(token.expose_secret().into()),
            Err(error) => return retry(reason_of(&error)),
        };
        let request = blocks::request(&self.channel.channel, message, wording);
        self.turn().await;
        match tokio::time::timeout(self.limit, self.post(&token, &request)).await {
            Ok(Ok(posted)) => Delivery::Sent(Some(format!("{}/{}", posted.channel, posted.ts))),
            Ok(Err(error)) => answer::outcome_of(&error),
            Err(_) => timed_out(self.limit),
        }
    }

    /// Waits until a second has gone by since the last message.
    async fn turn(&self) {
        let mut pace = self.pace.lock().await;
        let pace = pace.get_or_insert_with(|| {
            let mut pace = interval(Duration::from_secs(1));
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pace
        });
        pace.tick().await;
    }

    async fn post(
        &self,
        token: &SlackApiToken,
        request: &SlackApiChatPostMessageRequest,
    ) -> Result<Posted, SlackClientError> {
        self.client.open_session(token).http_session_api.http_post("chat.postMessage", request, None).await
    }
}
