//! Dispatches a call to its kind.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, Actions, Probe};
use watchkeeper_model::{Action, Allow};
use watchkeeper_net::permitted;
use watchkeeper_secret::SecretReader;

use crate::{cause, exec, http, jira};

/// Performs exec, http and jira steps. What a step may reach is checked again on every call, not only when the
/// configuration is loaded.
#[derive(Debug, Clone)]
pub struct ActionRunner {
    pub(crate) workspace: PathBuf,
    pub(crate) allow: Allow,
    pub(crate) secrets: SecretReader,
}

impl ActionRunner {
    /// A runner whose programs start in `workspace`, which reaches only what `allow` lists.
    pub fn new(workspace: &Path, allow: Allow, secrets: SecretReader) -> Self {
        Self { workspace: workspace.to_owned(), allow, secrets }
    }
}

impl ActionRunner {
    /// Why no call of an action would be sent from here, whatever its peer said.
    pub fn refusal(&self, action: &Action) -> Option<String> {
        let refused = |url: &str| permitted(url, &self.allow.hosts).err().map(|error| cause::line(&error));
        match action {
            Action::Gate(_) => None,
            Action::Exec(exec) => exec::refusal(exec, self),
            Action::Http(http) => refused(&http.url),
            Action::Jira(jira) | Action::JiraResolve(jira) => refused(&jira.url),
        }
    }

    /// Asks the peer of an action whether it would take it, without changing anything there: what it answered, or why it
    /// would not. `None` for an action that has no peer.
    pub async fn ask(&self, action: &Action, timeout: Duration) -> Option<Result<String, String>> {
        match action {
            Action::Gate(_) | Action::Exec(_) => None,
            Action::Http(http) => Some(http::ask(http, timeout, self).await),
            Action::Jira(jira) | Action::JiraResolve(jira) => Some(jira::ask(jira, timeout, self).await),
        }
    }
}

#[async_trait]
impl Actions for ActionRunner {
    async fn perform(&self, call: &ActionCall) -> ActionEnd {
        // The same that `lint` says: the record may be older than the configuration.
        if let Some(fault) = call.action.faults().into_iter().next() {
            return ActionEnd::failed(format!("not sent: {}", fault.message));
        }
        let end = match &call.action {
            Action::Gate(_) => ActionEnd::failed("a gate is set by the store, in the transaction that ends its step"),
            Action::Exec(exec) => exec::run(exec, call, self).await,
            Action::Http(http) => http::send(http, call, self).await,
            Action::Jira(jira) => jira::open_issue(jira, call, self).await,
            Action::JiraResolve(jira) => jira::tell_it_is_over(jira, call, self).await,
        };
        tracing::debug!(run = call.run, kind = call.action.kind(), outcome = %end.outcome, "action ended");
        end
    }

    async fn probe(&self, call: &ActionCall) -> Probe {
        match &call.action {
            Action::Jira(jira) => jira::find_issue(jira, call, self).await,
            Action::Gate(_) | Action::Exec(_) | Action::Http(_) | Action::JiraResolve(_) => {
                Probe::Unreachable(format!("a {} step leaves no mark that could be looked for", call.action.kind()))
            }
        }
    }
}
