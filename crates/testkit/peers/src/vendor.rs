//! The peers whose documents are known, and what each document leaves out.

mod jira;
mod ofrep;
mod pagerduty;
mod slack;

use serde::Deserialize;
use serde_json::Value;

/// Who publishes a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Jira Cloud, by Atlassian.
    Jira,
    /// The Slack Web API.
    Slack,
    /// PagerDuty's Events API v2.
    Pagerduty,
    /// OpenFeature's Remote Evaluation Protocol, which our own server speaks.
    Ofrep,
}

impl Vendor {
    /// The document's file name.
    pub fn file(self) -> &'static str {
        match self {
            Self::Jira => jira::FILE,
            Self::Slack => slack::FILE,
            Self::Pagerduty => pagerduty::FILE,
            Self::Ofrep => ofrep::FILE,
        }
    }

    /// Makes the document say what the vendor has added, or left unsaid, since.
    pub(crate) fn amend(self, document: &mut Value) {
        match self {
            Self::Jira | Self::Pagerduty => {}
            Self::Slack => slack::amend(document),
            Self::Ofrep => ofrep::amend(document),
        }
    }

    /// Whether the request is validated. Our own server's tests send malformed ones on purpose.
    pub(crate) fn asks(self) -> bool {
        !matches!(self, Self::Ofrep)
    }

    /// Statuses that may be answered although the document does not name them, each with its reason at the vendor.
    /// `None` for peers that tests make answer any status.
    pub(crate) fn undocumented(self) -> Option<&'static [u16]> {
        match self {
            Self::Jira | Self::Slack | Self::Pagerduty => None,
            Self::Ofrep => Some(ofrep::UNDOCUMENTED),
        }
    }

    /// The key of the answer's schema: Slack says most refusals with status 200.
    pub(crate) fn answer_key(self, status: u16, body: &Value) -> String {
        match self {
            Self::Slack if body["ok"] == false => "default".to_owned(),
            _ => status.to_string(),
        }
    }
}
