//! One Jira: a peer, and which of the two it is.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;
use watchkeeper_engine::ports::action::ActionCall;
use watchkeeper_model::{Connection, JiraAction, JiraApi};

use super::{adf, text};
pub(super) use crate::peer::Trouble;
use crate::{ActionRunner, peer::Peer};

/// A Jira and the credentials for it, for the time of one call.
pub(super) struct Site {
    peer: Peer,
    api: JiraApi,
}

impl Site {
    /// The site that a step names.
    pub(super) fn of(action: &JiraAction, call: &ActionCall, runner: &ActionRunner) -> Result<Self, Trouble> {
        Self::named(action, call.timeout, &call.idempotency_key, runner)
    }

    /// The same for what is no call of a step.
    pub(super) fn named(
        action: &JiraAction,
        timeout: Duration,
        key: &str,
        runner: &ActionRunner,
    ) -> Result<Self, Trouble> {
        let JiraAction { url, user, token, .. } = action.clone();
        let connection = Connection { url, user, token: Some(token), ca: None };
        Ok(Self { peer: Peer::named("Jira", &connection, timeout, key, runner)?, api: action.api })
    }

    /// Which Jira it is.
    pub(super) fn api(&self) -> JiraApi {
        self.api
    }

    /// A text as this Jira wants it: a document for Cloud, escaped markup for Data Center.
    pub(super) fn prose(&self, prose: &str) -> Value {
        match self.api {
            JiraApi::V2 => json!(text::wiki(prose)),
            JiraApi::V3 => adf::document(&text::paragraphs(prose)),
        }
    }

    /// Asks this Jira.
    pub(super) async fn ask(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Value, Trouble> {
        self.peer.ask(method, url, body).await
    }

    /// `base/rest/api/N/path…`; a site may live under a path of its own.
    pub(super) fn url(&self, path: &[&str]) -> Url {
        let version = match self.api {
            JiraApi::V2 => "2",
            JiraApi::V3 => "3",
        };
        self.peer.url(&[&["rest", "api", version], path].concat())
    }
}
