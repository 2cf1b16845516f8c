//! A whole configuration: loaded whole or not at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    Channel, GateState, Hours, Labels, Layer, Maintenance, Monitor, Name, Quiet, Runbook, Schedule, Severity, Source,
    Time, Web,
};

/// Everything a workspace's files say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// The daemon's own settings.
    pub daemon: Daemon,
    /// Where state is kept, and for how long.
    #[serde(default)]
    pub store: StoreSettings,
    /// The web page and the API.
    #[serde(default)]
    pub web: Web,
    /// What steps may reach.
    pub allow: Allow,
    /// Who is told, by name.
    pub teams: BTreeMap<Name, Team>,
    /// How they are told, by name.
    pub channels: BTreeMap<Name, Channel>,
    /// The switches that decision services ask.
    pub gates: BTreeMap<Name, Gate>,
    /// Times in which something is not told, and not acted on, by name.
    #[serde(default)]
    pub maintenance: BTreeMap<Name, Maintenance>,
    /// The hours in which teams are told of what is not critical, by name.
    #[serde(default)]
    pub hours: BTreeMap<Name, Hours>,
    /// Reports that are sent on a schedule, by name.
    #[serde(default)]
    pub reports: BTreeMap<Name, Digest>,
    /// Where data comes from.
    pub sources: BTreeMap<Name, Source>,
    /// What is watched.
    pub monitors: BTreeMap<Name, Monitor>,
    /// What is done.
    pub runbooks: BTreeMap<Name, Runbook>,
    /// Digests of what was loaded, kept with every run.
    pub digests: Digests,
}

/// SHA-256 of configuration, 64 hex digits each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Digests {
    /// Over every file, in path order.
    pub config: String,
    /// Over each runbook's file.
    pub runbooks: BTreeMap<Name, String>,
}

/// The daemon's own settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Daemon {
    /// Where the HTTP face listens; beyond loopback only where `web` says who is let in.
    pub listen: SocketAddr,
    /// The folder of the store, relative to the workspace.
    pub state: PathBuf,
    /// How many checks compute at once, at least 1; as many as there are cores when absent. One that waits for its data
    /// does not count.
    pub checks_max: Option<u32>,
    /// How long a stopping daemon waits for what is in flight.
    pub shutdown: Duration,
    /// The channel for what no channel of a team takes.
    #[serde(default)]
    pub fallback: Option<Name>,
}

impl Daemon {
    /// What `shutdown` is unless the configuration says otherwise.
    pub const SHUTDOWN: Duration = Duration::from_secs(30);
}

/// Where state is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StoreSettings {
    /// The URL of a PostgreSQL database, which may be shared; a file in the daemon's folder when absent.
    pub url: Option<Secret>,
    /// How long what is not kept for ever is kept.
    pub keep: Keep,
}

/// How long what is not kept for ever is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// Evaluations as they were printed; older ones keep what a chart shows.
    pub evaluations: Duration,
    /// What a chart shows of an evaluation.
    pub points: Duration,
    /// Messages of incidents that are over, and every try to deliver them.
    pub deliveries: Duration,
}

impl Default for Keep {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self { evaluations: days(90), points: days(400), deliveries: days(400) }
    }
}

/// What steps may reach; deny by default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Allow {
    /// Absolute paths of programs that exec steps may run.
    pub exec: BTreeSet<String>,
    /// `host` or `host:port` that steps and sources may reach.
    pub hosts: BTreeSet<String>,
    /// Units that systemd steps may act on.
    #[serde(default)]
    pub units: BTreeSet<String>,
    /// Folders outside the workspace that sources may read.
    pub folders: BTreeSet<PathBuf>,
}

/// A team that answers for layers or monitors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Team {
    /// The layers it answers for.
    pub layers: BTreeSet<Layer>,
    /// Its members' mailboxes.
    pub members: Vec<String>,
    /// The channels it is told on.
    pub notify: Vec<Name>,
    /// Other channels for some of it; the first that fits counts.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// The hours in which it is told of what is not critical; always when absent.
    #[serde(default)]
    pub hours: Option<Name>,
}

/// Other channels for what has one of these severities and all of these labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Any of these; every severity when empty.
    pub severities: BTreeSet<Severity>,
    /// All of these, with these values.
    pub labels: Labels,
    /// The channels.
    pub notify: Vec<Name>,
}

impl Workspace {
    /// What the configuration keeps quiet at `now`.
    pub fn quiet(&self, now: Time) -> Quiet {
        let silences = self.maintenance.iter().filter_map(|(name, maintenance)| maintenance.silence(name, now));
        let opens = |team: &Team| self.hours.get(team.hours.as_ref()?)?.opens_at(now);
        let hours = self.teams.iter().filter_map(|(name, team)| Some((name.clone(), opens(team)?)));
        Quiet { silences: silences.collect(), hours: hours.collect() }
    }
}

impl Team {
    /// The channels on which the team is told of a monitor with this severity and these labels.
    pub fn channels(&self, severity: Severity, labels: &Labels) -> &[Name] {
        let fits = |route: &&Route| {
            (route.severities.is_empty() || route.severities.contains(&severity))
                && route.labels.iter().all(|(name, value)| labels.get(name) == Some(value))
        };
        self.routes.iter().find(fits).map_or(&self.notify, |route| &route.notify)
    }
}

/// A named switch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// One sentence for people.
    pub description: String,
    /// What clients assume when Watchkeeper cannot be asked.
    pub on_unreachable: Unreachable,
}

/// What clients assume when Watchkeeper cannot be asked.
pub type Unreachable = GateState;

/// A report on a time, sent on a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// When it is sent.
    pub schedule: Schedule,
    /// Whose incidents it is about; all of them when absent.
    pub team: Option<Name>,
    /// Which time it is about, up to when it is sent.
    pub window: Duration,
    /// The channels it is sent to; the team's own when empty.
    pub notify: Vec<Name>,
}

/// Where a secret is kept; never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Secret {
    /// A file's content, without the line's end.
    File(PathBuf),
    /// A systemd credential's name.
    Credential(String),
    /// An environment variable's name.
    Env(String),
}
