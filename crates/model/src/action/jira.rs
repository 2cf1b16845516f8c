//! `jira`: an issue, opened or taken up again, and told when its incident is over.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Action, ActionFault, Fill, Guarantee, Kind, Undo,
    faults::{fault, of_url},
};
use crate::{Secret, Template};

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

/// Tells the issue that a jira step opened that its incident is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JiraResolve(pub JiraAction);

impl Kind for JiraAction {
    fn word(&self) -> &'static str {
        "jira"
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::Probe
    }

    fn target(&self) -> String {
        format!("jira:{}/{}", self.url, self.project)
    }

    fn excludes_others(&self) -> bool {
        // Each issue is one of its own.
        false
    }

    fn summary(&self) -> String {
        format!("open a Jira {} in {}", self.issue_type, self.project)
    }

    fn arguments(&self) -> String {
        let description = self.description.as_ref().map(|text| format!("\n\n{}", text.text()));
        format!("{} {} {}\n{}", self.url, self.project, self.issue_type, self.summary.text())
            + &description.unwrap_or_default()
    }

    fn faults(&self) -> Vec<ActionFault> {
        of_jira(self)
    }

    fn filled(&self, fill: &mut Fill<'_>) -> Action {
        let summary = fill(&self.summary);
        Action::Jira(Self { summary, description: self.description.as_ref().map(fill), ..self.clone() })
    }

    fn output(&self) -> Option<&'static str> {
        Some("key")
    }

    fn reads_back(&self) -> bool {
        false
    }

    fn undo(&self) -> Undo {
        Undo::Never("the issue can be closed; it stays in the project")
    }

    fn undone(&self, _: &Value) -> Option<Action> {
        None
    }
}

impl Kind for JiraResolve {
    fn word(&self) -> &'static str {
        self.0.word()
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::Once
    }

    fn target(&self) -> String {
        self.0.target()
    }

    fn excludes_others(&self) -> bool {
        self.0.excludes_others()
    }

    fn summary(&self) -> String {
        format!("tell the Jira {} in {} that it is over", self.0.issue_type, self.0.project)
    }

    fn arguments(&self) -> String {
        format!("{} {}", self.0.url, self.0.project)
    }

    fn faults(&self) -> Vec<ActionFault> {
        of_jira(&self.0)
    }

    fn filled(&self, _: &mut Fill<'_>) -> Action {
        Action::JiraResolve(self.clone())
    }

    fn output(&self) -> Option<&'static str> {
        None
    }

    fn reads_back(&self) -> bool {
        self.0.reads_back()
    }

    fn undo(&self) -> Undo {
        Undo::Never("the comment stays in the issue")
    }

    fn undone(&self, _: &Value) -> Option<Action> {
        None
    }
}

fn of_jira(jira: &JiraAction) -> Vec<ActionFault> {
    let mut faults = of_url("url", &jira.url);
    for (index, label) in jira.labels.iter().enumerate() {
        let at = ["labels", &index.to_string()];
        if label.is_empty() || label.chars().any(char::is_whitespace) {
            faults.push(fault(
                &at,
                format!("`{label}` is no label: Jira takes none with spaces"),
                "join it by hyphens",
            ));
        } else if label.encode_utf16().count() > 255 {
            faults.push(fault(&at, "this label is longer than Jira takes", "give at most 255 characters"));
        }
    }
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !key.is_empty();
    if !is_key(&jira.project) {
        let help = "give the project's key, as in \"MLOPS\"";
        faults.push(fault(&["project"], format!("`{}` is not a project's key", jira.project), help));
    }
    faults
}
