//! `runbooks/*.toml`: one runbook a file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    leaf::{ApiWord, DurationText, GateWord, NameText, OnResolveWord, RunWord, TemplateText, UrlText},
    watchkeeper::SecretTable,
};

/// A runbook: the first step, the steps after it, and the limits around them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunbookFile {
    /// What this runbook is.
    pub(crate) runbook: Head,
    /// What limits automatic steps.
    pub(crate) guard: Option<Guard>,
    /// The steps; the first runs by itself, before anybody is told.
    #[serde(default)]
    pub(crate) step: Vec<Step>,
    /// Who is told when nobody acknowledges.
    pub(crate) escalation: Option<Escalation>,
}

/// What a runbook is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// Unique in the workspace, kebab-case.
    pub(crate) id: NameText,
    /// One sentence for people.
    #[serde(default)]
    pub(crate) description: String,
    /// The owner is told by then even if the first step hangs; "60s" when absent.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) notify_deadline: Option<DurationText>,
}

/// What limits automatic steps; remembered over restarts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guard {
    /// Acts of one step in one incident; 1 when absent.
    #[schemars(range(min = 1))]
    pub(crate) per_incident: Option<u32>,
    /// Acts on one target; 3 in an hour when absent.
    pub(crate) per_target: Option<Budget>,
    /// Acts of every runbook together; 20 in an hour when absent.
    pub(crate) global: Option<Budget>,
    /// Incidents of one group: past it they are told and not acted on.
    pub(crate) flapping: Option<Budget>,
    /// Stops acting after failures.
    pub(crate) circuit_breaker: Option<CircuitBreaker>,
}

/// At most so many in any stretch of time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    /// So many.
    #[schemars(range(min = 1))]
    pub(crate) max: u32,
    /// In any stretch of this length.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) per: DurationText,
}

/// After so many failures in a row, no act for a while.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CircuitBreaker {
    /// Failures in a row that open it.
    #[schemars(range(min = 1))]
    pub(crate) failures: u32,
    /// How long it stays open.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) cooldown: DurationText,
}

/// One action.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["gate"]}, {"required": ["exec"]}, {"required": ["http"]}, {"required": ["jira"]}]))]
pub(crate) struct Step {
    /// Unique in the runbook, kebab-case.
    pub(crate) id: NameText,
    /// One sentence for people.
    #[serde(default)]
    pub(crate) description: String,
    /// The time limit of the action; "30s" when absent.
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) timeout: Option<DurationText>,
    /// Whether it runs by itself once the owner has been told; "auto" when absent. The first step always does.
    pub(crate) run: Option<RunWord>,
    /// Who has to agree before it runs.
    pub(crate) approval: Option<Approval>,
    /// Whether it may still be started once the incident is over, as a step that puts things back; false when absent.
    #[serde(default)]
    pub(crate) after_resolve: bool,
    /// Pause or open a gate.
    pub(crate) gate: Option<Gate>,
    /// Run a program.
    pub(crate) exec: Option<Exec>,
    /// Send an HTTP request.
    pub(crate) http: Option<Http>,
    /// Open a Jira issue.
    pub(crate) jira: Option<Jira>,
}

/// Who has to agree before a step runs; running out of time rejects.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    /// The team whose members may approve.
    pub(crate) team: NameText,
    /// How many of them; 1 when absent.
    #[schemars(range(min = 1))]
    pub(crate) quorum: Option<u32>,
    /// Running out rejects; "24h" when absent.
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) timeout: Option<DurationText>,
    /// Whether the one who asked may approve; false when absent.
    #[serde(default)]
    pub(crate) self_approval: bool,
}

/// Who is told when nobody acknowledges.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Escalation {
    /// How long after the handoff.
    pub(crate) after: DurationText,
    /// The teams.
    #[schemars(length(min = 1))]
    pub(crate) to: Vec<NameText>,
    /// Further levels, each told later than the one before.
    #[serde(default)]
    pub(crate) then: Vec<EscalationLevel>,
}

/// A further level of an escalation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EscalationLevel {
    /// How long after the handoff.
    pub(crate) after: DurationText,
    /// The teams.
    #[schemars(length(min = 1))]
    pub(crate) to: Vec<NameText>,
}

/// Set a gate.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gate {
    /// A gate of watchkeeper.toml.
    pub(crate) gate: NameText,
    /// The state it is set to.
    pub(crate) state: GateWord,
}

/// Run a program: no shell, a cleared environment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exec {
    /// The absolute path, listed in [allow] exec, and its fixed arguments.
    #[schemars(length(min = 1))]
    pub(crate) command: Vec<String>,
    /// Variables of the program; values may carry {placeholders}.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, TemplateText>,
    /// Written to its standard input; may carry {placeholders}.
    pub(crate) stdin: Option<TemplateText>,
    /// Its working directory; the workspace when absent.
    pub(crate) directory: Option<String>,
    /// Variables whose values are secrets.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretTable>,
}

/// Send one HTTP request; any 2xx answer is done.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    /// "POST" when absent.
    #[schemars(extend("enum" = ["GET", "POST", "PUT", "PATCH", "DELETE"]))]
    pub(crate) method: Option<String>,
    /// The absolute URL; its host is listed in [allow] hosts.
    pub(crate) url: UrlText,
    /// Fixed headers.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// JSON members of the body; values may carry {placeholders}.
    #[serde(default)]
    pub(crate) body: BTreeMap<String, TemplateText>,
    /// Headers whose values are secrets.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretTable>,
    /// Sent as a bearer token.
    pub(crate) token: Option<SecretTable>,
    /// Whether the peer honours Idempotency-Key, so that a lost answer may be asked for again; false when absent.
    #[serde(default)]
    pub(crate) idempotent: bool,
}

/// Open a Jira issue. The connection may be given once, as [jira] in watchkeeper.toml.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jira {
    /// Project key.
    pub(crate) project: String,
    /// Issue type name; "Task" when absent.
    #[serde(rename = "type")]
    pub(crate) issue_type: Option<String>,
    /// The issue's title; may carry {placeholders}. Cut at 255 characters.
    pub(crate) summary: TemplateText,
    /// Paragraphs of the description; a standard one when absent.
    pub(crate) description: Option<TemplateText>,
    /// Extra labels.
    #[serde(default)]
    pub(crate) labels: Vec<String>,
    /// Take the issue of an earlier incident up again, when its step ended at most so long ago; "72h" when absent.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) reopen_within: Option<DurationText>,
    /// What the issue is told when the incident is over: "nothing" (when absent), "comment", or "close", which comments as
    /// well.
    pub(crate) on_resolve: Option<OnResolveWord>,
    /// When it stays unknown whether the issue was created, create it again: a duplicate is possible. False when absent.
    #[serde(default)]
    pub(crate) create_when_unknown: bool,
    /// The site, for example "https://example.atlassian.net".
    pub(crate) url: Option<UrlText>,
    /// "3" for Cloud (when absent), "2" for Data Center.
    pub(crate) api: Option<ApiWord>,
    /// The account's e-mail for Cloud; a bearer token is sent when absent.
    pub(crate) user: Option<String>,
    /// API token or personal access token.
    pub(crate) token: Option<SecretTable>,
}
