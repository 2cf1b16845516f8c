//! `config/watchkeeper.toml`: the daemon, what steps may reach, teams, channels and gates.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    channel::{Channel, EmailDefaults},
    leaf::{
        AccessWord, ApiWord, ClockText, CronText, DayWord, DurationText, GateWord, HeaderText, HostText, IpText,
        LayerWord, MailboxText, MatcherText, NameText, PublicWord, RoleWord, SeverityWord, UrlText, ZoneText,
    },
};

/// The daemon, what steps may reach, teams, channels and gates.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchkeeperFile {
    /// The daemon's own settings.
    pub(crate) daemon: Option<Daemon>,
    /// Where state is kept, and for how long.
    pub(crate) store: Option<Store>,
    /// The web page and the API.
    pub(crate) web: Option<Web>,
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
    /// Reports that are sent on a schedule, by name, kebab-case.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"format": "name"}))]
    pub(crate) digest: BTreeMap<String, Digest>,
    /// The connection of jira steps that do not give their own.
    pub(crate) jira: Option<JiraDefaults>,
    /// The connection of mlflow steps that do not give their own.
    pub(crate) mlflow: Option<PeerDefaults>,
    /// The connection of kubernetes steps that do not give their own.
    pub(crate) kubernetes: Option<PeerDefaults>,
    /// The connection of airflow steps that do not give their own.
    pub(crate) airflow: Option<PeerDefaults>,
    /// The sender and transport of email channels that do not give their own.
    pub(crate) email: Option<EmailDefaults>,
}

/// The daemon's own settings.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Daemon {
    /// Address and port; "127.0.0.1:7707" when absent. Beyond loopback [web] has to say who is let in.
    #[schemars(extend("format" = "address"))]
    pub(crate) listen: Option<String>,
    /// The folder of the store, relative to the workspace; "state" when absent.
    pub(crate) state: Option<String>,
    /// How many checks compute at once; as many as the machine has cores when absent. A check that waits for its data does
    /// not count.
    #[schemars(range(min = 1))]
    pub(crate) checks_max: Option<u32>,
    /// How long a stopping daemon waits for what is in flight; "30s" when absent.
    pub(crate) shutdown: Option<DurationText>,
    /// The channel for messages that no channel of their team takes.
    pub(crate) fallback: Option<NameText>,
}

/// Where state is kept, and for how long.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    /// Where the URL of a PostgreSQL database stands, which several daemons may share:
    /// "postgres://USER:PASSWORD@HOST/DATABASE"; a file in the folder [daemon] `state` when absent.
    pub(crate) url: Option<SecretTable>,
    /// How long what is not kept for ever is kept.
    pub(crate) keep: Option<Keep>,
}

/// How long what is not kept for ever is kept.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keep {
    /// Evaluations as they were printed, after which what a chart shows is left of them; "90d" when absent.
    #[schemars(extend("x-least" = "1d"))]
    pub(crate) evaluations: Option<DurationText>,
    /// What a chart shows of an evaluation; "400d" when absent.
    #[schemars(extend("x-least" = "1d"))]
    pub(crate) points: Option<DurationText>,
    /// Messages of incidents that are over, and every try to deliver them; "400d" when absent.
    #[schemars(extend("x-least" = "1d"))]
    pub(crate) deliveries: Option<DurationText>,
}

/// The web page and the API.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Web {
    /// Where people reach it, for links in messages; besides this machine's own names it answers to this host alone.
    pub(crate) url: Option<UrlText>,
    /// "open" (when absent): everybody on this machine; "tokens": who has one, or is signed on.
    pub(crate) access: Option<AccessWord>,
    /// What may be asked without a token: "gates".
    #[serde(default)]
    pub(crate) public: Vec<PublicWord>,
    /// How long a browser stays signed on; "12h" when absent.
    #[schemars(extend("x-least" = "1m"))]
    pub(crate) session: Option<DurationText>,
    /// Sign-on by an OpenID Connect provider.
    pub(crate) oidc: Option<Oidc>,
    /// Sign-on by a proxy before the daemon.
    pub(crate) proxy: Option<Proxy>,
}

/// Sign-on by an OpenID Connect provider.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oidc {
    /// The issuer's URL.
    pub(crate) issuer: UrlText,
    /// Watchkeeper's client id there.
    pub(crate) client: String,
    /// Its client secret; absent for a public client.
    pub(crate) secret: Option<SecretTable>,
    /// The claim that holds a person's groups; "groups" when absent.
    pub(crate) groups: Option<String>,
    /// The role of each group; "*" is everybody.
    pub(crate) roles: BTreeMap<String, RoleWord>,
}

/// Sign-on by a proxy before the daemon.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proxy {
    /// The proxy's addresses; its headers are believed from nobody else.
    #[schemars(length(min = 1))]
    pub(crate) from: Vec<IpText>,
    /// The header with a person's name or mailbox.
    pub(crate) user: HeaderText,
    /// The header with their groups, separated by commas.
    pub(crate) groups: Option<HeaderText>,
    /// The role of each group; "*" is everybody.
    pub(crate) roles: BTreeMap<String, RoleWord>,
}

/// A report on a time, sent on a schedule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Digest {
    /// When it is sent: five crontab fields.
    pub(crate) cron: CronText,
    /// Whose local time the fields are in; "UTC" when absent.
    pub(crate) timezone: Option<ZoneText>,
    /// Whose incidents it is about; all of them when absent.
    pub(crate) team: Option<NameText>,
    /// Which time it is about, up to when it is sent; "7d" when absent.
    #[schemars(extend("x-least" = "1m"))]
    pub(crate) window: Option<DurationText>,
    /// The channels it is sent to; the team's own when absent.
    #[serde(default)]
    pub(crate) notify: Vec<NameText>,
}

/// What steps may reach.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allow {
    /// Absolute paths of programs that exec steps may run.
    #[serde(default)]
    pub(crate) exec: Vec<String>,
    /// Hosts, or host:port, that steps and sources may reach; of an object store, the bucket.
    #[serde(default)]
    pub(crate) hosts: Vec<HostText>,
    /// Whole names of units that systemd steps may act on.
    #[serde(default)]
    pub(crate) units: Vec<String>,
    /// Absolute paths of folders outside the workspace that sources may read.
    #[serde(default)]
    pub(crate) folders: Vec<String>,
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

/// A server, and what it is asked with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeerDefaults {
    /// Its base URL.
    pub(crate) url: Option<UrlText>,
    /// Who asks, where it wants a user and a password; a bearer token is sent when absent.
    pub(crate) user: Option<String>,
    /// The password or the token.
    pub(crate) token: Option<SecretTable>,
    /// A file of certificates in PEM that the server's is signed by; the machine's own when absent.
    pub(crate) ca: Option<String>,
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
