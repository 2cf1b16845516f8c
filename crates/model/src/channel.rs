//! Channels: where a team is told.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// One way to reach people; a closed set, one table each in TOML.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A Slack channel.
    Slack(SlackChannel),
    /// E-mail.
    Email(EmailChannel),
    /// A signed JSON request.
    Webhook(WebhookChannel),
    /// A PagerDuty service.
    Pagerduty(PagerdutyChannel),
    /// A workflow of Microsoft Teams.
    Teams(TeamsChannel),
    /// Standard output of the daemon.
    Console,
}

/// A Slack channel, spoken to by a bot token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlackChannel {
    /// `#ml-alerts` or a channel id.
    pub channel: String,
    /// The bot token.
    pub token: Secret,
    /// The API's base; Slack's own when absent.
    pub url: Option<String>,
}

/// E-mail by SMTP or into files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmailChannel {
    /// The sender's mailbox.
    pub from: String,
    /// The receivers' mailboxes; at least one.
    pub to: Vec<String>,
    /// How the mail leaves.
    pub transport: Transport,
}

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// To a mail server.
    Smtp {
        /// Host name.
        host: String,
        /// Port.
        port: u16,
        /// How the connection is protected.
        tls: SmtpTls,
        /// User name and password.
        credentials: Option<(String, Secret)>,
    },
    /// One `.eml` file a message in this folder, relative to the workspace.
    File {
        /// The folder.
        folder: String,
    },
}

/// How an SMTP connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// STARTTLS, required.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// No protection: loopback relays only.
    None,
}

/// A JSON request with CloudEvents attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookChannel {
    /// The absolute URL.
    pub url: String,
    /// Key of the HMAC-SHA256 over the raw body.
    pub secret: Option<Secret>,
}

/// A PagerDuty service, by its Events API v2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PagerdutyChannel {
    /// The service's integration key.
    pub routing_key: Secret,
    /// The API's base; PagerDuty's own when absent.
    pub url: Option<String>,
}

/// A workflow of Microsoft Teams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeamsChannel {
    /// The workflow's URL, which lets whoever has it post.
    pub url: Secret,
}

impl Channel {
    /// Whether many messages at once are told one by one: what goes by an incident's own key cannot tell of several.
    pub fn takes_each(&self) -> bool {
        matches!(self, Self::Pagerduty(_))
    }

    /// The mailboxes of a channel that sends to each of them; any other is told once.
    pub fn receivers(&self) -> Vec<Option<String>> {
        match self {
            Self::Email(mail) if matches!(mail.transport, Transport::Smtp { .. }) => {
                mail.to.iter().cloned().map(Some).collect()
            }
            _ => vec![None],
        }
    }

    /// The word used in TOML and tables.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Slack(_) => "slack",
            Self::Email(_) => "email",
            Self::Webhook(_) => "webhook",
            Self::Pagerduty(_) => "pagerduty",
            Self::Teams(_) => "teams",
            Self::Console => "console",
        }
    }
}
