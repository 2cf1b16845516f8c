//! `[[step]]`: one action, and what surrounds it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::{
    leaf::{
        ApiWord, BodyWord, BusWord, DurationText, EngineWord, GateWord, JobWord, NameText, OnResolveWord, RunWord,
        TemplateText, UrlText, VerifyWord,
    },
    runbook::Approval,
    watchkeeper::SecretTable,
};

/// One action.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["gate"]}, {"required": ["exec"]}, {"required": ["http"]}, {"required": ["jira"]}, {"required": ["sql"]}, {"required": ["mlflow"]}, {"required": ["systemd"]}, {"required": ["kubernetes"]}, {"required": ["airflow"]}]))]
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
    /// How it is found out whether it helped: "check" runs the monitor's check again, "state" reads back what was acted on.
    /// Nobody looks when absent.
    pub(crate) verify: Option<VerifyWord>,
    /// How long it may take until it helps; "10m" when absent.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) verify_within: Option<DurationText>,
    /// What becomes of the steps after it when it fails or did not help: "continue" (when absent) lets them run, "stop" lets
    /// none of them run by itself, and the id of one of them lets that one run, which runs then only.
    pub(crate) on_failure: Option<NameText>,
    /// How often it is tried again where that cannot act twice. When absent, until its time is over for what its peer
    /// recognises, and never for anything else.
    pub(crate) retries: Option<u32>,
    /// What takes it back, offered to people; what was there before when absent, where the kind can set that again.
    pub(crate) undo: Option<UndoTable>,
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
    /// Run one statement in a database, exactly once.
    pub(crate) sql: Option<Sql>,
    /// Put the alias of a registered model back.
    pub(crate) mlflow: Option<Mlflow>,
    /// Restart, start or stop a unit.
    pub(crate) systemd: Option<Systemd>,
    /// Change an object of a cluster.
    pub(crate) kubernetes: Option<Kubernetes>,
    /// Trigger a DAG, or pause it.
    pub(crate) airflow: Option<Airflow>,
}

/// What takes a step back: one action, as of a step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["gate"]}, {"required": ["exec"]}, {"required": ["http"]}, {"required": ["jira"]}, {"required": ["sql"]}, {"required": ["mlflow"]}, {"required": ["systemd"]}, {"required": ["kubernetes"]}, {"required": ["airflow"]}]))]
pub(crate) struct UndoTable {
    /// Pause or open a gate.
    pub(crate) gate: Option<Gate>,
    /// Run a program.
    pub(crate) exec: Option<Exec>,
    /// Send an HTTP request.
    pub(crate) http: Option<Http>,
    /// Open a Jira issue.
    pub(crate) jira: Option<Jira>,
    /// Run one statement in a database, exactly once.
    pub(crate) sql: Option<Sql>,
    /// Put the alias of a registered model back.
    pub(crate) mlflow: Option<Mlflow>,
    /// Restart, start or stop a unit.
    pub(crate) systemd: Option<Systemd>,
    /// Change an object of a cluster.
    pub(crate) kubernetes: Option<Kubernetes>,
    /// Trigger a DAG, or pause it.
    pub(crate) airflow: Option<Airflow>,
}

/// The one action table of a step, or of its undo.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ActionTable<'a> {
    Gate(&'a Gate),
    Exec(&'a Exec),
    Http(&'a Http),
    Jira(&'a Jira),
    Sql(&'a Sql),
    Mlflow(&'a Mlflow),
    Systemd(&'a Systemd),
    Kubernetes(&'a Kubernetes),
    Airflow(&'a Airflow),
}

macro_rules! action_table {
    ($($of:ty),*) => {$(
        impl $of {
            /// The action table that is given; the walk has seen to it that there is one.
            pub(crate) fn action(&self) -> Option<ActionTable<'_>> {
                let table = self.gate.as_ref().map(ActionTable::Gate);
                let table = table.or_else(|| self.exec.as_ref().map(ActionTable::Exec));
                let table = table.or_else(|| self.http.as_ref().map(ActionTable::Http));
                let table = table.or_else(|| self.jira.as_ref().map(ActionTable::Jira));
                let table = table.or_else(|| self.sql.as_ref().map(ActionTable::Sql));
                let table = table.or_else(|| self.mlflow.as_ref().map(ActionTable::Mlflow));
                let table = table.or_else(|| self.systemd.as_ref().map(ActionTable::Systemd));
                let table = table.or_else(|| self.kubernetes.as_ref().map(ActionTable::Kubernetes));
                let table = table.or_else(|| self.airflow.as_ref().map(ActionTable::Airflow));
                table
            }
        }
    )*};
}
action_table!(Step, UndoTable);

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
    /// Members of the body: texts, numbers, lists, tables; texts may carry {placeholders}.
    #[serde(default)]
    pub(crate) body: BTreeMap<String, Json>,
    /// How the body is written: "json" (when absent) or "form".
    pub(crate) encoding: Option<BodyWord>,
    /// Headers whose values are secrets.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretTable>,
    /// Sent as a bearer token.
    pub(crate) token: Option<SecretTable>,
    /// Whether the peer honours Idempotency-Key, so that a lost answer may be asked for again; false when absent.
    #[serde(default)]
    pub(crate) idempotent: bool,
    /// How what it starts is followed to its end, which `verify = "state"` waits for.
    pub(crate) follow: Option<Follow>,
}

/// How what a request starts is followed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Follow {
    /// Where the answer says the id: a JSON pointer, as "/id", or "Location" for the end of that header's path.
    pub(crate) id: String,
    /// What is asked, with one `{id}`, on the host of the request.
    pub(crate) url: UrlText,
    /// Where that answer says how it stands: a JSON pointer.
    pub(crate) state: String,
    /// The states in which it has done what it should.
    #[schemars(length(min = 1))]
    pub(crate) done: Vec<String>,
    /// The states in which it has not, and will not.
    #[serde(default)]
    pub(crate) failed: Vec<String>,
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

/// Run one statement, exactly once: a mark of the step commits with it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sql {
    /// Which server it is.
    pub(crate) engine: EngineWord,
    /// Its URL, as "postgres://user:password@host/database" or "mysql://…".
    pub(crate) url: SecretTable,
    /// One statement; values are bound to $1, $2, … (PostgreSQL) or ? (MariaDB).
    pub(crate) statement: String,
    /// What is bound, as texts; may carry {placeholders}.
    #[serde(default)]
    pub(crate) parameters: Vec<TemplateText>,
    /// How many rows it may change, least and most; with any other number it is rolled back.
    #[schemars(length(min = 2, max = 2))]
    pub(crate) rows: Vec<u64>,
}

/// Put the alias of a registered model back. The connection may be given once, as [mlflow] in watchkeeper.toml.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mlflow {
    /// The registered model.
    pub(crate) model: String,
    /// The alias that is served, as "champion".
    pub(crate) alias: String,
    /// Where it is set to: a version, as "7", or that of another alias, as "@rollback".
    pub(crate) version: String,
    /// The tracking server.
    pub(crate) url: Option<UrlText>,
    /// Who asks, where it wants a user and a password; a bearer token is sent when absent.
    pub(crate) user: Option<String>,
    /// The password or the token.
    pub(crate) token: Option<SecretTable>,
}

/// Restart, start or stop a unit.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Systemd {
    /// The unit's whole name, listed in [allow] units.
    pub(crate) unit: String,
    /// "restart" when absent.
    pub(crate) job: Option<JobWord>,
    /// "system" when absent.
    pub(crate) bus: Option<BusWord>,
}

/// Change an object of a cluster. The connection may be given once, as [kubernetes] in watchkeeper.toml.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["restart"]}, {"required": ["replicas"]}, {"required": ["suspend"]}, {"required": ["patch"]}]))]
pub(crate) struct Kubernetes {
    /// The object's namespace.
    pub(crate) namespace: String,
    /// The resource in the plural, as "deployments".
    pub(crate) resource: String,
    /// The object's name.
    pub(crate) name: String,
    /// The object's API; "apps/v1" when absent, "batch/v1" for cronjobs.
    pub(crate) api_version: Option<String>,
    /// Its pods are made anew; only true.
    pub(crate) restart: Option<bool>,
    /// It has so many replicas.
    pub(crate) replicas: Option<u32>,
    /// It is suspended (or goes on): a CronJob.
    pub(crate) suspend: Option<bool>,
    /// This is merged into it.
    pub(crate) patch: Option<BTreeMap<String, Json>>,
    /// The API server.
    pub(crate) url: Option<UrlText>,
    /// The token of a service account.
    pub(crate) token: Option<SecretTable>,
    /// A file of certificates in PEM that the server's is signed by.
    pub(crate) ca: Option<String>,
}

/// Trigger a DAG, or pause it. The connection may be given once, as [airflow] in watchkeeper.toml.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Airflow {
    /// The DAG's id.
    pub(crate) dag: String,
    /// Whether it is paused (or goes on); a run is triggered when absent.
    pub(crate) paused: Option<bool>,
    /// The configuration of the run: texts, numbers, lists, tables; texts may carry {placeholders}.
    #[serde(default)]
    pub(crate) conf: BTreeMap<String, Json>,
    /// The API server.
    pub(crate) url: Option<UrlText>,
    /// Who asks, in exchange for whose password a token is fetched; the token is one already when absent.
    pub(crate) user: Option<String>,
    /// The password or the token.
    pub(crate) token: Option<SecretTable>,
}
