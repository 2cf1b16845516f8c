//! `config/watchkeeper.toml`: the daemon, what steps may reach, teams, channels and gates.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::{
    ApiWord, ClockText, CronText, DayWord, DurationText, GateWord, HostText, LayerWord, MailboxText, MatcherText,
    NameText, SeverityWord, TlsWord, UrlText, ZoneText,
};

/// The daemon, what steps may reach, teams, channels and gates.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchkeeperFile {
    /// The daemon's own settings.
    pub(crate) daemon: Option<Daemon>,
    /// What steps may reach; nothing when absent.
    pub(crate) allow: Option<Allow>,
    /// Teams by name, kebab-case.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"format": "name"}))]
    pub(crate) team: BTreeMap<String, Team>,
    /// Channels by name, kebab-case.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"format": "name"}))]
    pub(crate) channel: BTreeMap<String, Channel>,
    /// Gates by name, kebab-case.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"format": "name"}))]
    pub(crate) gate: BTreeMap<String, Gate>,
    /// Times in which something is not told, and not acted on, by name, kebab-case.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"format": "name"}))]
    pub(crate) maintenance: BTreeMap<String, Maintenance>,
    /// The hours of teams by name, kebab-case.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"format": "name"}))]
    pub(crate) hours: BTreeMap<String, Hours>,
    /// The connection of jira steps that do not give their own.
    pub(crate) jira: Option<JiraDefaults>,
    /// The sender and transport of email channels that do not give their own.
    pub(crate) email: Option<EmailDefaults>,
}

/// The daemon's own settings.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Daemon {
    /// Loopback address and port; "127.0.0.1:7707" when absent.
    #[schemars(extend("format" = "address"))]
    pub(crate) listen: Option<String>,
    /// The folder of the store, relative to the workspace; "state" when absent.
    pub(crate) state: Option<String>,
    /// How many checks run at once; 4 when absent.
    #[schemars(range(min = 1))]
    pub(crate) checks_max: Option<u32>,
    /// How long a stopping daemon waits for what is in flight; "30s" when absent.
    pub(crate) shutdown: Option<DurationText>,
    /// The channel for messages that no channel of their team takes.
    pub(crate) fallback: Option<NameText>,
}

/// What steps may reach.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allow {
    /// Absolute paths of programs that exec steps may run.
    #[serde(default)]
    pub(crate) exec: Vec<String>,
    /// Hosts, or host:port, that http and jira steps may reach.
    #[serde(default)]
    pub(crate) hosts: Vec<HostText>,
}

/// A team that answers for layers or monitors.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Team {
    /// The layers it answers for.
    #[serde(default)]
    pub(crate) layers: Vec<LayerWord>,
    /// Its members' mailboxes.
    #[serde(default)]
    pub(crate) members: Vec<MailboxText>,
    /// The channels it is told on.
    #[schemars(length(min = 1))]
    pub(crate) notify: Vec<NameText>,
    /// Other channels for some of it; the first that fits counts.
    #[serde(default)]
    pub(crate) route: Vec<Route>,
    /// The hours in which it is told of what is not critical; always when absent. Everything is recorded at once.
    pub(crate) hours: Option<NameText>,
}

/// A time that comes again and again, in which what it is about is neither told nor acted on; it is recorded all the same.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Maintenance {
    /// When it begins: five crontab fields.
    pub(crate) cron: CronText,
    /// Whose local time the fields are in; "UTC" when absent.
    pub(crate) timezone: Option<ZoneText>,
    /// How long it lasts.
    #[schemars(extend("x-least" = "1m"))]
    pub(crate) duration: DurationText,
    /// What it is about; all of these have to fit.
    #[serde(rename = "match")]
    #[schemars(length(min = 1))]
    pub(crate) matchers: Vec<MatcherText>,
    /// Why, for the messages and the record.
    pub(crate) reason: String,
    /// Whether first steps run all the same; false when absent.
    #[serde(default)]
    pub(crate) keep_acting: bool,
}

/// The hours in which teams are told of what is not critical.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hours {
    /// The days of the week.
    #[schemars(length(min = 1))]
    pub(crate) days: Vec<DayWord>,
    /// From this time of the day on.
    pub(crate) from: ClockText,
    /// Until this time of the day.
    pub(crate) to: ClockText,
    /// Whose local time that is; "UTC" when absent.
    pub(crate) timezone: Option<ZoneText>,
}

/// Other channels for what has one of these severities and all of these labels.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    /// Any of these; every severity when absent.
    #[serde(default)]
    pub(crate) severity: Vec<SeverityWord>,
    /// All of these labels of the monitor, with these values.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    /// The channels.
    #[schemars(length(min = 1))]
    pub(crate) notify: Vec<NameText>,
}

/// A named switch that a decision service asks before it decides.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gate {
    /// One sentence for people.
    #[serde(default)]
    pub(crate) description: String,
    /// What clients assume when Watchkeeper cannot be asked; "paused" when absent.
    pub(crate) on_unreachable: Option<GateWord>,
}

/// One way to reach people.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["slack"]}, {"required": ["email"]}, {"required": ["webhook"]}, {"required": ["console"]}]))]
pub(crate) struct Channel {
    /// A Slack channel.
    pub(crate) slack: Option<Slack>,
    /// E-mail.
    pub(crate) email: Option<Email>,
    /// A signed JSON request.
    pub(crate) webhook: Option<Webhook>,
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

/// Standard output of the daemon; it has no settings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Console {}

/// The connection of jira steps that do not give their own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JiraDefaults {
    /// The site, for example "https://example.atlassian.net".
    pub(crate) url: Option<UrlText>,
    /// "3" for Cloud (when absent), "2" for Data Center.
    pub(crate) api: Option<ApiWord>,
    /// The account's e-mail for Cloud; a bearer token is sent when absent.
    pub(crate) user: Option<String>,
    /// API token or personal access token.
    pub(crate) token: Option<SecretTable>,
}

/// Where a secret is kept; never the secret itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["file"]}, {"required": ["credential"]}, {"required": ["env"]}]))]
pub(crate) struct SecretTable {
    /// A file's path, relative to the workspace.
    pub(crate) file: Option<String>,
    /// A systemd credential's name.
    pub(crate) credential: Option<String>,
    /// An environment variable's name.
    pub(crate) env: Option<String>,
}
