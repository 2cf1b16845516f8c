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

use reqwest::Method;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, Probe};
use watchkeeper_model::JiraAction;

use crate::{ActionRunner, cause};
use reopen::Reopened;
use site::{Site, Trouble};

/// Opens the issue of a jira step, or reopens `call.reopen`.
pub(crate) async fn open_issue(action: &JiraAction, call: &ActionCall, runner: &ActionRunner) -> ActionEnd {
    let site = match Site::of(action, call, runner) {
        Ok(site) => site,
        Err(error) => return ActionEnd::failed(cause::line(&error)),
    };
    let Some(key) = &call.reopen else { return issue::create(&site, action, call).await };
    match reopen::reopen(&site, action, call, key).await {
        Reopened::Ended(end) => end,
        Reopened::Impossible(why) => {
            let end = issue::create(&site, action, call).await;
            ActionEnd { detail: format!("{}; {why}", end.detail), ..end }
        }
    }
}

/// Looks for the issue that an earlier call has opened or reopened.
pub(crate) async fn find_issue(action: &JiraAction, call: &ActionCall, runner: &ActionRunner) -> Probe {
    match Site::of(action, call, runner) {
        Ok(site) => search::find(&site, call).await,
        Err(error) => Probe::Unreachable(cause::line(&error)),
    }
}

/// Tells the issue `call.reopen` that its incident is over, and closes it where the step says so.
pub(crate) async fn tell_it_is_over(action: &JiraAction, call: &ActionCall, runner: &ActionRunner) -> ActionEnd {
    let Some(key) = &call.reopen else { return ActionEnd::failed("there is no issue to tell") };
    match Site::of(action, call, runner) {
        Ok(site) => resolve::resolve(&site, action, call, key).await,
        Err(error) => ActionEnd::failed(cause::line(&error)),
    }
}

/// Asks a Jira for the credential, the project and the issue type of a step, and changes nothing.
pub(crate) async fn ask(action: &JiraAction, timeout: Duration, runner: &ActionRunner) -> Result<String, String> {
    let site = Site::named(action, timeout, "lint", runner).map_err(|error| cause::line(&error))?;
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
