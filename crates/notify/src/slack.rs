//! Slack: `chat.postMessage` with Block Kit, one message per second per channel.

mod answer;
mod blocks;
mod connect;

use std::time::Duration;

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use slack_morphism::{SlackApiToken, errors::SlackClientError};
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
    client: connect::Client,
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

/// Where a message stands in Slack.
pub(crate) struct Place {
    pub(crate) channel: String,
    pub(crate) ts: String,
}

impl Slack {
    pub(crate) fn new(channel: SlackChannel, secrets: SecretReader) -> Result<Self, String> {
        let client = connect::client(channel.url.as_deref())?;
        Ok(Self { channel, client, secrets, pace: Mutex::new(None), limit: Duration::from_secs(30) })
    }

    /// Posts a message, into the story of its incident where that has begun; the first message of it then shows how the
    /// incident stands.
    pub(crate) async fn send(&self, message: &Message, wording: &Wording, thread: Option<&Thread>) -> Delivery {
        let token = match self.secrets.resolve(&self.channel.token) {
            Ok(token) => SlackApiToken::new(token.expose_secret().into()),
            Err(error) => return retry(reason_of(&error)),
        };
        let thread = thread.and_then(|thread| Some((Place::read(&thread.reference)?, &thread.root)));
        if let (Some((place, root)), Some(state)) = (&thread, blocks::state(message)) {
            let update = blocks::update(place, root, &state);
            // What it says stands in the story as well, so a failure of this is no reason to tell the story twice.
            if let Err(error) = self.within(self.call(&token, "chat.update", &update)).await {
                tracing::warn!(message = %message.id, outcome = ?error, "the first message of a story is not up to date");
            }
        }
        let request = blocks::request(&self.channel.channel, message, wording, thread.map(|(place, _)| place));
        self.turn().await;
        match self.within(self.call(&token, "chat.postMessage", &request)).await {
            Ok(posted) => Delivery::Sent(Some(format!("{}/{}", posted.channel, posted.ts))),
            Err(delivery) => delivery,
        }
    }

    /// Asks whom the token is for.
    pub(crate) async fn ask(&self) -> Result<String, String> {
        let token = self.secrets.resolve(&self.channel.token).map_err(|error| reason_of(&error))?;
        let token = SlackApiToken::new(token.expose_secret().into());
        let session = self.client.open_session(&token);
        let answered = tokio::time::timeout(self.limit, session.auth_test()).await;
        let known = answered.map_err(|_| "Slack did not answer in time".to_owned())?;
        let known = known.map_err(|error| answer::words_of(answer::outcome_of(&error)))?;
        Ok(format!("the token is {}'s in {}", known.user.unwrap_or_default(), known.team))
    }

    /// What Slack answered in time, or what it means that it did not.
    async fn within(&self, call: impl Future<Output = Result<Posted, SlackClientError>>) -> Result<Posted, Delivery> {
        match tokio::time::timeout(self.limit, call).await {
            Ok(answered) => answered.map_err(|error| answer::outcome_of(&error)),
            Err(_) => Err(timed_out(self.limit)),
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

    async fn call(
        &self,
        token: &SlackApiToken,
        method: &str,
        request: &(impl Serialize + Send + Sync),
    ) -> Result<Posted, SlackClientError> {
        self.client.open_session(token).http_session_api.http_post(method, request, None).await
    }
}

impl Place {
    /// Reads `channel/ts`, as it was given when the message was posted.
    fn read(reference: &str) -> Option<Self> {
        let (channel, ts) = reference.split_once('/')?;
        Some(Self { channel: channel.to_owned(), ts: ts.to_owned() })
    }
}
