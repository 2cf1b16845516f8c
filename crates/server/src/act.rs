//! Acts: every write, as a value. A form and a JSON body become the same act, which is done once, with the words and the
//! refusals of the command line.

mod given;
mod perform;
mod pressed;
mod verbs;

use std::collections::BTreeMap;

use axum::{
    Json,
    body::to_bytes,
    extract::Request,
    http::{HeaderName, StatusCode, header::CONTENT_TYPE, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use watchkeeper_model::Role;

pub(crate) use given::Given;
pub(crate) use pressed::Pressed;
pub(crate) use verbs::{VERBS, verb};

use crate::{
    BODY_BYTES_MAX, House,
    access::{self, How, Jar},
    page,
    problem::Problem,
    routes::Field,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A verb of the command line.
pub(crate) struct Verb {
    /// Its word there, and the last part of its path here.
    pub(crate) word: &'static str,
    pub(crate) path: &'static str,
    pub(crate) role: Role,
    pub(crate) about: &'static str,
    pub(crate) fields: &'static [Field],
    read: fn(&Given) -> Result<Act, Problem>,
}

/// A write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    Incident { id: String, change: Change, seen: Option<String> },
    Step { run: String, step: watchkeeper_model::Name, answer: Answer, seen: Option<String> },
    Gate { gate: String, state: watchkeeper_model::GateState, reason: String, seen: Option<String> },
    Hold { monitor: Option<String>, length: Option<std::time::Duration>, reason: String },
    Release { monitor: Option<String> },
    Silence { matchers: Vec<watchkeeper_model::Matcher>, length: std::time::Duration, reason: String, acts: bool },
    EndSilence { id: String },
    Monitor { monitor: String, ask: AskMonitor },
    Reload,
    TakeWatch { team: Option<String> },
}

/// What people say of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Acknowledge,
    GiveBack,
    Assign(String),
    Comment(String),
    Resolve,
}

/// What people say of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Start { again: bool },
    Approve,
    Reject(String),
    Settle(watchkeeper_model::Outcome),
    Undo,
}

/// What is asked of a monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskMonitor {
    Check,
    Drill,
    RefreshBaseline,
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Done {
    /// What the command line says of it.
    pub(crate) said: String,
    /// The number of the ledger row that it made.
    pub(crate) ledger: Option<u64>,
    /// Who did it.
    pub(crate) by: String,
    /// What it gave.
    pub(crate) result: Value,
    /// Where it is shown.
    #[serde(skip)]
    pub(crate) shown: String,
}

/// A form of a page: 303 to where its outcome is shown.
pub(crate) async fn from_page(
    house: &House,
    verb: &'static Verb,
    path: BTreeMap<String, String>,
    request: Request,
) -> Response {
    let view = page::View::of_request(house, &request);
    let mut jar = Jar::of(request.headers(), &house.workspace().web);
    if !view.visitor.has_browser() {
        return page::problem(house, &view, &Problem::stale_form()).await;
    }
    let given = match read(path, request).await {
        Ok(given) => given,
        Err(problem) => return page::problem(house, &view, &problem).await,
    };
    if !access::is_ours(&view.visitor, given.text("form")) {
        return page::problem(house, &view, &Problem::stale_form()).await;
    }
    match given.text("by") {
        Some(name) => jar.keep_name(name),
        None if view.visitor.how == How::Open => return page::ask_name(house, &view, &given).await,
        None => {}
    }
    match act(house, verb, &given, &view.visitor, given.text("key")).await {
        Ok(done) => {
            let place = match done.ledger {
                Some(row) => format!("{}#r{row}", done.shown),
                None => {
                    jar.leave_note(&done.said);
                    done.shown
                }
            };
            jar.add_to((StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response())
        }
        Err(problem) => jar.add_to(page::not_done(house, &view, verb, &given, &problem).await),
    }
}

/// A request of a program: what came of it as JSON.
pub(crate) async fn from_api(
    house: &House,
    verb: &'static Verb,
    path: BTreeMap<String, String>,
    request: Request,
) -> Response {
    let view = page::View::of_request(house, &request);
    let key = request.headers().get(&IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok()).map(str::to_owned);
    let acted = async {
        let given = read(path, request).await?;
        given.require_known(verb)?;
        act(house, verb, &given, &view.visitor, key.as_deref()).await
    };
    match acted.await {
        Ok(done) => Json(done).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Does it, once for each key.
async fn act(
    house: &House,
    verb: &'static Verb,
    given: &Given,
    visitor: &access::Visitor,
    key: Option<&str>,
) -> Result<Done, Problem> {
    let person = visitor.person(given.text("by"))?;
    let act = (verb.read)(given)?;
    let by = visitor.marked(&person.name);
    let key = key.map(|key| format!("{} {} {key}", person.name, verb.path));
    let (house, given) = (house.clone(), given.clone());
    // A visitor who breaks off, or whose time is up, leaves nothing half done.
    let acting = tokio::spawn(async move {
        let perform = perform::perform(&house, &act, &person, by);
        match key {
            Some(key) => house.pressed().once(&key, &given, perform).await,
            None => perform.await,
        }
    });
    acting.await.unwrap_or_else(|broken| Err(Problem::broken(broken.to_string())))
}

/// The path's names and the body's fields.
async fn read(path: BTreeMap<String, String>, request: Request) -> Result<Given, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let body = to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|_| {
        Problem::body(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {} KiB", BODY_BYTES_MAX / 1024))
    })?;
    Given::read(path, &kind, &body)
}
