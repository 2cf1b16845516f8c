//! `[channel.NAME]`: ways to reach people.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    leaf::{MailboxText, TlsWord, UrlText},
    watchkeeper::SecretTable,
};

/// One way to reach people.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["slack"]}, {"required": ["email"]}, {"required": ["webhook"]}, {"required": ["pagerduty"]}, {"required": ["teams"]}, {"required": ["console"]}]))]
pub(crate) struct Channel {
    /// A Slack channel.
    pub(crate) slack: Option<Slack>,
    /// E-mail.
    pub(crate) email: Option<Email>,
    /// A signed JSON request.
    pub(crate) webhook: Option<Webhook>,
    /// A PagerDuty service.
    pub(crate) pagerduty: Option<Pagerduty>,
    /// A workflow of Microsoft Teams.
    pub(crate) teams: Option<Teams>,
    /// Standard output of the daemon.
    pub(crate) console: Option<Console>,
}

/// A Slack channel, spoken to by a bot token.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slack {
    /// "#ml-alerts" or a channel id.
    pub(crate) channel: String,
    /// The bot token.
    pub(crate) token: SecretTable,
    /// The API's base; Slack's own when absent.
    pub(crate) url: Option<UrlText>,
}

/// E-mail by SMTP or into files.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Email {
    /// The sender's mailbox; that of [email] when absent.
    pub(crate) from: Option<MailboxText>,
    /// The receivers' mailboxes.
    #[schemars(length(min = 1))]
    pub(crate) to: Vec<MailboxText>,
    /// The mail server; that of [email] when neither smtp nor file is given.
    pub(crate) smtp: Option<Smtp>,
    /// One .eml file a message instead of sending.
    pub(crate) file: Option<MailFolder>,
}

/// The sender and transport of email channels that do not give their own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailDefaults {
    /// The sender's mailbox.
    pub(crate) from: Option<MailboxText>,
    /// The mail server.
    pub(crate) smtp: Option<Smtp>,
    /// One .eml file a message instead of sending.
    pub(crate) file: Option<MailFolder>,
}

/// A mail server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Smtp {
    /// Host name.
    pub(crate) host: String,
    /// 587 for "starttls", 465 for "implicit", 25 for "none" when absent.
    #[schemars(range(min = 1))]
    pub(crate) port: Option<u16>,
    /// "starttls" when absent.
    pub(crate) tls: Option<TlsWord>,
    /// User name.
    pub(crate) user: Option<String>,
    /// Its password.
    pub(crate) password: Option<SecretTable>,
}

/// One .eml file a message.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailFolder {
    /// The folder, relative to the workspace.
    pub(crate) folder: String,
}

/// A JSON request with CloudEvents attributes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// The absolute URL.
    pub(crate) url: UrlText,
    /// Key of the HMAC-SHA256 over the raw body.
    pub(crate) secret: Option<SecretTable>,
}

/// A PagerDuty service, by its Events API v2: an incident is one alert.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pagerduty {
    /// The service's integration key.
    pub(crate) routing_key: SecretTable,
    /// The API's base; PagerDuty's own when absent.
    pub(crate) url: Option<UrlText>,
}

/// A workflow of Microsoft Teams, which posts what it is sent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Teams {
    /// The workflow's URL: whoever has it may post, so it is a secret.
    pub(crate) url: SecretTable,
}

/// Standard output of the daemon; it has no settings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Console {}
