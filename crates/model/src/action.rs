//! What a step does, and what may be counted on after a crash.

mod faults;

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

pub use faults::{ActionFault, looks_secret};

use crate::{Facts, Name, Secret, Template};

/// One action of a step; a closed set, one table each in TOML.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Pause or open a gate in our own store.
    Gate(GateAction),
    /// Run a program.
    Exec(ExecAction),
    /// Send an HTTP request.
    Http(HttpAction),
    /// Open (or reopen) a Jira issue.
    Jira(JiraAction),
    /// Tell the issue that a `Jira` step opened that its incident is over.
    JiraResolve(JiraAction),
}

/// Set a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateAction {
    /// The gate's name.
    pub gate: Name,
    /// The state it is set to.
    pub state: GateState,
}

/// The state of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateState {
    /// Decisions may be made.
    Open,
    /// Decisions must wait.
    Paused,
}

/// Run a program: no shell, a cleared environment, data only in the environment or on standard input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecAction {
    /// The absolute path and its fixed arguments.
    pub command: Vec<String>,
    /// Variables of the child; values may carry placeholders.
    pub env: BTreeMap<String, Template>,
    /// Written to the child's standard input.
    pub stdin: Option<Template>,
    /// Its working directory; the workspace when absent.
    pub directory: Option<String>,
    /// Variables whose values are secrets; masked in captured output.
    pub secrets: BTreeMap<String, Secret>,
}

/// Send one HTTP request; any 2xx answer is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpAction {
    /// `POST` and the like.
    pub method: String,
    /// The absolute URL; fixed, so data cannot choose the host.
    pub url: String,
    /// Fixed headers.
    pub headers: BTreeMap<String, String>,
    /// JSON members of the body; values may carry placeholders.
    pub body: BTreeMap<String, Template>,
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<Secret>,
    /// Headers whose values are secrets; masked in captured answers.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// Whether the peer honours `Idempotency-Key`, so that a lost answer may be asked for again.
    pub idempotent: bool,
}

/// Which Jira speaks at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JiraApi {
    /// Data Center.
    #[serde(rename = "2")]
    V2,
    /// Cloud.
    #[serde(rename = "3")]
    V3,
}

/// Open a Jira issue, or reopen the incident's last one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JiraAction {
    /// The site, for example `https://example.atlassian.net`.
    pub url: String,
    /// Cloud (3) or Data Center (2).
    pub api: JiraApi,
    /// The account's e-mail for Cloud's basic authentication; bearer authentication when absent.
    pub user: Option<String>,
    /// API token or personal access token.
    pub token: Secret,
    /// Project key.
    pub project: String,
    /// Issue type name.
    pub issue_type: String,
    /// Cut at 255 characters.
    pub summary: Template,
    /// Paragraphs of the description; a standard one when absent.
    pub description: Option<Template>,
    /// Extra labels.
    pub labels: Vec<String>,
    /// An issue of an earlier incident is taken up again, when its step ended at most so long ago.
    #[serde(default = "reopen_within")]
    pub reopen_within: Duration,
    /// What the issue is told when the incident is over.
    #[serde(default)]
    pub on_resolve: OnResolve,
    /// Look for our mark and, when it stays missing, create again (a duplicate is possible).
    pub create_when_unknown: bool,
}

/// How long an issue is taken up again, of which a record says nothing.
fn reopen_within() -> Duration {
    JiraAction::REOPEN_WITHIN
}

impl JiraAction {
    /// How long an issue is taken up again unless the configuration says otherwise.
    pub const REOPEN_WITHIN: Duration = Duration::from_secs(72 * 3600);
}

/// What an issue is told when its incident is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnResolve {
    /// Nothing.
    #[default]
    Nothing,
    /// A comment says so.
    Comment,
    /// A comment says so, and the issue is closed.
    Close,
}

/// What users may count on when a crash or a time-out hits in the middle of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(rename_all = "lowercase")]
pub enum Guarantee {
    /// Exactly once: effect and record are one transaction.
    Local,
    /// Effectively once while the peer remembers the key: the same bytes are sent again.
    Guarded,
    /// At most once; our mark is looked for, and UNKNOWN when it is not found.
    Probe,
    /// At most once; never sent again: UNKNOWN.
    Once,
}

/// What is done about a step in INTENT of whose sending nothing is known: its owner is gone, or no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// The same is sent again.
    SendAgain,
    /// Our mark is looked for at the peer.
    Look,
    /// Nothing can be known, so nothing is done: the outcome is UNKNOWN.
    LeaveUnknown,
    /// Nothing was done, and nothing is any more.
    GiveUp,
}

impl Guarantee {
    /// After the owner is gone. `late`: it is too late for the step to begin.
    pub fn when_abandoned(self, late: bool) -> Recovery {
        match (self, late) {
            (Self::Local, true) => Recovery::GiveUp,
            (Self::Local, false) | (Self::Guarded, false) => Recovery::SendAgain,
            (Self::Guarded, true) | (Self::Once, _) => Recovery::LeaveUnknown,
            (Self::Probe, _) => Recovery::Look,
        }
    }

    /// When no answer came in time.
    pub fn when_unanswered(self) -> Recovery {
        match self {
            Self::Probe => Recovery::Look,
            Self::Local | Self::Guarded | Self::Once => Recovery::LeaveUnknown,
        }
    }
}

impl Action {
    /// The word used in TOML and tables.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Gate(_) => "gate",
            Self::Exec(_) => "exec",
            Self::Http(_) => "http",
            Self::Jira(_) | Self::JiraResolve(_) => "jira",
        }
    }

    /// What it guarantees.
    pub fn guarantee(&self) -> Guarantee {
        match self {
            Self::Gate(_) => Guarantee::Local,
            Self::Exec(_) => Guarantee::Once,
            Self::Http(http) if http.idempotent => Guarantee::Guarded,
            Self::Http(_) | Self::JiraResolve(_) => Guarantee::Once,
            Self::Jira(_) => Guarantee::Probe,
        }
    }

    /// What it acts on: the key of the per-target guard budget. To pause a gate and to open it are two things.
    pub fn target(&self) -> String {
        match self {
            Self::Gate(gate) => format!("gate:{} {}", gate.gate, gate.state),
            Self::Exec(exec) => format!("exec:{}", exec.command.join(" ")),
            Self::Http(http) => format!("http:{} {}", http.method, http.url),
            Self::Jira(jira) | Self::JiraResolve(jira) => format!("jira:{}/{}", jira.url, jira.project),
        }
    }

    /// Whether two monitors must not act on its target at the same time. A gate is set in one transaction, and each
    /// issue of a project is one of its own.
    pub fn excludes_others(&self) -> bool {
        matches!(self, Self::Exec(_) | Self::Http(_))
    }

    /// One line for people: `pause gate loan-decisions`.
    pub fn summary(&self) -> String {
        match self {
            Self::Gate(GateAction { gate, state: GateState::Paused }) => format!("pause gate {gate}"),
            Self::Gate(GateAction { gate, state: GateState::Open }) => format!("open gate {gate}"),
            Self::Exec(exec) => format!("run {}", exec.command.join(" ")),
            Self::Http(http) => format!("{} {}", http.method, http.url),
            Self::Jira(jira) => format!("open a Jira {} in {}", jira.issue_type, jira.project),
            Self::JiraResolve(jira) => format!("tell the Jira {} in {} that it is over", jira.issue_type, jira.project),
        }
    }

    /// The same action with every placeholder filled in: the arguments that are recorded before they are used.
    pub fn rendered(&self, facts: &Facts) -> Self {
        let fill = |template: &Template| Template::literal(&template.render(facts));
        let fill_all = |map: &BTreeMap<String, Template>| map.iter().map(|(k, v)| (k.clone(), fill(v))).collect();
        match self {
            Self::Gate(gate) => Self::Gate(gate.clone()),
            Self::Exec(exec) => {
                let (env, stdin) = (fill_all(&exec.env), exec.stdin.as_ref().map(fill));
                Self::Exec(ExecAction { env, stdin, ..exec.clone() })
            }
            Self::Http(http) => Self::Http(HttpAction { body: fill_all(&http.body), ..http.clone() }),
            Self::JiraResolve(jira) => Self::JiraResolve(jira.clone()),
            Self::Jira(jira) => {
                // Nobody reads a ticket for its seventh digit.
                let facts = &facts.for_reading();
                let fill = |template: &Template| Template::literal(&template.render(facts));
                let (summary, description) = (fill(&jira.summary), jira.description.as_ref().map(fill));
                Self::Jira(JiraAction { summary, description, ..jira.clone() })
            }
        }
    }
}

impl GateState {
    /// The word used in TOML, JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
        }
    }
}

impl fmt::Display for GateState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Local => "local",
            Self::Guarded => "guarded",
            Self::Probe => "probe",
            Self::Once => "once",
        })
    }
}
