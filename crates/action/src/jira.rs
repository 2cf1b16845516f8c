//! Opens a Jira issue, or takes the incident's last one up again, and finds what an earlier call left.
//!
//! The mark of a call is two labels: `watchkeeper-RUN` for people, `watchkeeper-step-KEY` for its step, so that two
//! Jira steps of one run are never taken for one another.

mod adf;
mod issue;
mod reopen;
mod resolve;
mod search;
mod site;
mod text;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, After, Probe};
use watchkeeper_model::{JiraAction, JiraResolve};

use crate::{
    ActionRunner,
    contract::{Attempt, Kind, Reading, no_mark, unreadable},
    limit::Limit,
    peer::refusal,
};
use reopen::Reopened;
use site::{Site, Trouble};

#[async_trait]
impl Kind for JiraAction {
    fn refusal(&self, runner: &ActionRunner) -> Option<String> {
        refusal(&self.url, runner)
    }

    async fn ask(&self, timeout: Duration, runner: &ActionRunner) -> Option<Result<String, String>> {
        Some(ask(self, timeout, runner).await)
    }

    async fn before(&self, _: &ActionCall, _: &ActionRunner) -> Reading {
        Reading::Nothing
    }

    /// Opens the issue, or reopens `call.reopen`.
    async fn send(&self, call: &ActionCall, _: &Limit, runner: &ActionRunner) -> Attempt {
        Attempt::Ended(match Site::of(self, call, runner) {
            Ok(site) => open_issue(&site, self, call).await,
            Err(trouble) => ActionEnd::failed(trouble.text()),
        })
    }

    /// Looks for the issue that an earlier call has opened or reopened.
    async fn probe(&self, call: &ActionCall, runner: &ActionRunner) -> Probe {
        match Site::of(self, call, runner) {
            Ok(site) => search::find(&site, call).await,
            Err(trouble) => Probe::Unreachable(trouble.text()),
        }
    }

    async fn after(&self, call: &ActionCall, _: &ActionRunner) -> After {
        unreadable(call)
    }
}

#[async_trait]
impl Kind for JiraResolve {
    fn refusal(&self, runner: &ActionRunner) -> Option<String> {
        self.0.refusal(runner)
    }

    async fn ask(&self, timeout: Duration, runner: &ActionRunner) -> Option<Result<String, String>> {
        self.0.ask(timeout, runner).await
    }

    async fn before(&self, _: &ActionCall, _: &ActionRunner) -> Reading {
        Reading::Nothing
    }

    /// Tells the issue `call.reopen` that its incident is over, and closes it where the step says so.
    async fn send(&self, call: &ActionCall, _: &Limit, runner: &ActionRunner) -> Attempt {
        let Some(key) = &call.reopen else { return Attempt::failed("there is no issue to tell") };
        Attempt::Ended(match Site::of(&self.0, call, runner) {
            Ok(site) => resolve::resolve(&site, &self.0, call, key).await,
            Err(trouble) => ActionEnd::failed(trouble.text()),
        })
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        no_mark(call)
    }

    async fn after(&self, call: &ActionCall, _: &ActionRunner) -> After {
        unreadable(call)
    }
}

async fn open_issue(site: &Site, action: &JiraAction, call: &ActionCall) -> ActionEnd {
    let Some(key) = &call.reopen else { return issue::create(site, action, call).await };
    match reopen::reopen(site, action, call, key).await {
        Reopened::Ended(end) => end,
        Reopened::Impossible(why) => {
            let end = issue::create(site, action, call).await;
            ActionEnd { detail: format!("{}; {why}", end.detail), ..end }
        }
    }
}

/// Asks a Jira for the credential, the project and the issue type of a step, and changes nothing.
async fn ask(action: &JiraAction, timeout: Duration, runner: &ActionRunner) -> Result<String, String> {
    let site = Site::named(action, timeout, "lint", runner).map_err(Trouble::text)?;
    site.ask(Method::GET, site.url(&["myself"]), None).await.map_err(Trouble::text)?;
    let project = site.ask(Method::GET, site.url(&["project", &action.project]), None).await.map_err(Trouble::text)?;
    let types: Vec<&str> =
        project["issueTypes"].as_array().into_iter().flatten().filter_map(|kind| kind["name"].as_str()).collect();
    match types.iter().any(|name| *name == action.issue_type) {
        true => Ok(format!("{} takes a {}", action.project, action.issue_type)),
        false => {
            Err(format!("{} has no issue type {}; it has {}", action.project, action.issue_type, types.join(", ")))
        }
    }
}

/// The labels that mark what a call has made: for its run, and for its step.
fn marks(call: &ActionCall) -> [String; 2] {
    let step: String = call.idempotency_key.chars().take(10).collect();
    [format!("watchkeeper-{}", call.run), format!("watchkeeper-step-{step}")]
}
