//! The channels of a workspace: finds the one that is meant and gives it the message.

use std::{collections::BTreeMap, io::Write, path::Path, time::Duration};

use async_trait::async_trait;
use watchkeeper_engine::ports::notifier::{Delivery, Notifier, To};
use watchkeeper_model::{Channel, Message, Name};
use watchkeeper_secret::SecretReader;

use crate::{
    console::Console, email::Email, pagerduty::Pagerduty, slack::Slack, teams::Teams, webhook::Webhook,
    wording::Wording,
};

/// Every channel of a workspace, ready to send.
pub struct Channels {
    routes: BTreeMap<Name, Route>,
    console: Console,
}

/// One channel, ready to send.
enum Route {
    Slack(Slack),
    Email(Email),
    Webhook(Webhook),
    Pagerduty(Pagerduty),
    Teams(Teams),
    Console,
}

/// Why a channel cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("channel `{channel}`: {reason}")]
pub struct ChannelsError {
    /// The channel's name.
    pub channel: Name,
    /// What is wrong with it, and what to do.
    pub reason: String,
}

impl Channels {
    /// Sets up every channel. Mail folders are relative to `workspace`; secrets are read anew for every message;
    /// console channels write to `console`.
    pub fn new(
        workspace: &Path,
        channels: BTreeMap<Name, Channel>,
        secrets: SecretReader,
        console: impl Write + Send + 'static,
    ) -> Result<Self, ChannelsError> {
        // Fails only when a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let set_up = |(name, channel): (Name, Channel)| match Route::new(workspace, channel, &secrets) {
            Ok(route) => Ok((name, route)),
            Err(reason) => Err(ChannelsError { channel: name, reason }),
        };
        let routes = channels.into_iter().map(set_up).collect::<Result<_, _>>()?;
        Ok(Self { routes, console: Console::new(console) })
    }

    /// The same channels with another total time limit for one message; without this 90 s for mail and 30 s for
    /// everything else.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        for route in self.routes.values_mut() {
            match route {
                Route::Slack(slack) => slack.limit = limit,
                Route::Email(email) => email.limit = limit,
                Route::Webhook(webhook) => webhook.limit = limit,
                Route::Pagerduty(pagerduty) => pagerduty.limit = limit,
                Route::Teams(teams) => teams.limit = limit,
                Route::Console => {}
            }
        }
        self
    }
}

impl Channels {
    /// Asks the peer of a channel whether it would take a message, without sending one: what it answered, or why it would
    /// not.
    pub async fn ask(&self, channel: &Name) -> Result<String, String> {
        match self.routes.get(channel) {
            Some(Route::Slack(slack)) => slack.ask().await,
            Some(Route::Email(email)) => email.ask().await,
            Some(Route::Webhook(webhook)) => webhook.ask().await,
            Some(Route::Pagerduty(pagerduty)) => pagerduty.ask().await,
            Some(Route::Teams(teams)) => teams.ask().await,
            Some(Route::Console) => Ok("this process".to_owned()),
            None => Err(format!("there is no channel `{channel}`")),
        }
    }
}

impl Route {
    fn new(workspace: &Path, channel: Channel, secrets: &SecretReader) -> Result<Self, String> {
        Ok(match channel {
            Channel::Slack(slack) => Self::Slack(Slack::new(slack, secrets.clone())?),
            Channel::Email(email) => Self::Email(Email::new(workspace, email, secrets.clone())?),
            Channel::Webhook(webhook) => Self::Webhook(Webhook::new(webhook, secrets.clone())?),
            Channel::Pagerduty(pagerduty) => Self::Pagerduty(Pagerduty::new(pagerduty, secrets.clone())?),
            Channel::Teams(teams) => Self::Teams(Teams::new(teams, secrets.clone())?),
            Channel::Console => Self::Console,
        })
    }
}

#[async_trait]
impl Notifier for Channels {
    async fn send(&self, to: To<'_>, message: &Message) -> Delivery {
        let To { channel, receiver, thread } = to;
        match self.routes.get(channel) {
            Some(Route::Slack(slack)) => slack.send(message, &Wording::of(message), thread).await,
            Some(Route::Email(email)) => email.send(message, &Wording::of(message), receiver).await,
            Some(Route::Webhook(webhook)) => webhook.send(message).await,
            Some(Route::Pagerduty(pagerduty)) => pagerduty.send(message, &Wording::of(message)).await,
            Some(Route::Teams(teams)) => teams.send(message.link.as_deref(), &Wording::of(message)).await,
            Some(Route::Console) => self.console.send(&Wording::of(message)),
            None => Delivery::Refused(format!("there is no channel `{channel}` in this workspace")),
        }
    }
}
