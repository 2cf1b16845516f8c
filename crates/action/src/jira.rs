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

use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, Probe};
use watchkeeper_model::JiraAction;

use crate::{ActionRunner, cause};
use reopen::Reopened;
use site::Site;

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

/// The labels that mark what a call has made: for its run, and for its step.
fn marks(call: &ActionCall) -> [String; 2] {
    let step: String = call.idempotency_key.chars().take(10).collect();
    [format!("watchkeeper-{}", call.run), format!("watchkeeper-step-{step}")]
}
