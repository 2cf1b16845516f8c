//! Pages, one file each: functions over domain types. Everything is escaped unless a chart says otherwise.

mod approvals;
mod confirm;
mod gates;
mod handover;
mod incident;
mod incidents;
mod ledger;
mod login;
mod monitor;
mod monitors;
mod parts;
mod system;
mod timeline;
mod watch;

use axum::{
    extract::Request,
    http::{StatusCode, header::CACHE_CONTROL},
    response::{Html, IntoResponse, Response},
};
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use watchkeeper_model::{GateState, Role, Time};

use crate::{
    House,
    access::Visitor,
    act::{Given, Verb},
    look::frame::{self, Counts},
    problem::Problem,
    routes::{Ask, Routes},
};

/// What need not be escaped in a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A page before its frame.
pub(crate) struct Page {
    pub(crate) title: String,
    pub(crate) nav: Option<Nav>,
    pub(crate) content: Markup,
    pub(crate) status: StatusCode,
}

/// Who looks, at what and when.
pub(crate) struct View {
    pub(crate) visitor: Visitor,
    pub(crate) target: String,
    pub(crate) now: Time,
    /// What they have just done.
    pub(crate) note: Option<String>,
    /// The ledger's newest row before anything was read.
    pub(crate) after: Option<u64>,
}

/// What the navigation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nav {
    Watch,
    Incidents,
    Approvals,
    Gates,
    Monitors,
    Ledger,
    Handover,
    System,
}

impl Nav {
    pub(crate) const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Watch, "/", "Watch"),
        (Self::Incidents, "/incidents", "Incidents"),
        (Self::Approvals, "/approvals", "Approvals"),
        (Self::Gates, "/gates", "Gates"),
        (Self::Monitors, "/monitors", "Monitors"),
        (Self::Ledger, "/ledger", "Ledger"),
        (Self::Handover, "/handover", "Handover"),
        (Self::System, "/system", "System"),
    ];
}

impl View {
    pub(crate) fn of(ask: &Ask, note: Option<String>, after: Option<u64>) -> Self {
        Self { visitor: ask.visitor.clone(), target: ask.target.clone(), now: ask.now, note, after }
    }

    pub(crate) fn of_request(house: &House, request: &Request) -> Self {
        let visitor = request.extensions().get::<Visitor>().cloned();
        Self {
            visitor: visitor.unwrap_or_else(Visitor::nobody),
            target: request.uri().path().to_owned(),
            now: house.now(),
            note: None,
            after: None,
        }
    }
}

impl Page {
    pub(crate) fn new(nav: Nav, title: impl Into<String>, content: Markup) -> Self {
        Self { title: title.into(), nav: Some(nav), content, status: StatusCode::OK }
    }
}

/// Declares every page.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .page("/", Role::Viewer, watch::show)
        .page("/monitors", Role::Viewer, monitors::show)
        .page("/monitors/{monitor}", Role::Viewer, monitor::show)
        .page("/incidents", Role::Viewer, incidents::show)
        .page("/incidents/{incident}", Role::Viewer, incident::show)
        .page("/approvals", Role::Viewer, approvals::show)
        .page("/runs/{run}/steps/{step}", Role::Viewer, approvals::one)
        .page("/gates", Role::Viewer, gates::show)
        .page("/ledger", Role::Viewer, ledger::show)
        .page("/handover", Role::Viewer, handover::show)
        .page("/system", Role::Viewer, system::show)
        .page("/confirm/open/{gate}", Role::Responder, confirm::open)
        .page("/confirm/resolve/{incident}", Role::Responder, confirm::resolve)
        .page("/confirm/start/{run}/{step}", Role::Responder, confirm::start)
        .page("/confirm/undo/{run}/{step}", Role::Responder, confirm::undo)
        .page("/confirm/approve/{run}/{step}", Role::Responder, confirm::approve)
        .page("/confirm/drill/{monitor}", Role::Admin, confirm::drill)
}

pub(crate) use approvals::found as step;
pub(crate) use handover::report;
pub(crate) use incidents::{LAYERS, cursor as incident_cursor, filter as incident_filter};
pub(crate) use ledger::filter as ledger_filter;
pub(crate) use login::{
    answer as login_answer, back as login_back, out as logout, provider as login_provider, show as login,
};

/// Whether a path is for people; the others are for programs.
pub(crate) fn is_page(path: &str) -> bool {
    !["/v1/", "/ofrep/", "/metrics", "/healthz", "/readyz"].iter().any(|part| path.starts_with(part))
}

/// A name as a part of a path.
pub(crate) fn escaped(name: &str) -> String {
    utf8_percent_encode(name, PLAIN).to_string()
}

/// A page in its frame.
pub(crate) async fn framed(house: &House, view: &View, page: Page) -> Response {
    // A store that is away takes the counts and nothing else.
    let counts = counts(house).await.unwrap_or_default();
    let status = page.status;
    let body = frame::whole(house, view, &page, counts).into_string();
    (status, [(CACHE_CONTROL, "no-store")], Html(body)).into_response()
}

async fn counts(house: &House) -> Result<Counts, watchkeeper_engine::ports::store::StoreError> {
    let open = house.store().open_counts().await?;
    let paused = house.gates().await?.iter().filter(|gate| gate.state == GateState::Paused).count();
    Ok(Counts { open, paused })
}

/// Why somebody does not get a page.
pub(crate) async fn problem(house: &House, view: &View, problem: &Problem) -> Response {
    framed(house, view, problem_page(problem)).await
}

/// There is nothing at a path: said as a page, or as a problem to programs.
pub(crate) fn missing(house: &House, path: &str) -> Response {
    let problem = Problem::no_page();
    if is_page(path) { refused(house, &problem) } else { problem.into_response() }
}

/// For whom nothing of the store is shown: who they are is not known, or they may not.
pub(crate) fn refused(house: &House, problem: &Problem) -> Response {
    if problem.status == StatusCode::UNAUTHORIZED {
        return login::asked(house, None);
    }
    login::bare(house, problem.status, problem_page(problem).content)
}

fn problem_page(problem: &Problem) -> Page {
    let content = html! {
        h1 { (crate::look::words::capital(&problem.title)) "." }
        @if let Some(detail) = &problem.detail { p class="lead" { (crate::look::words::capital(detail)) } }
        @for name in &problem.nearest { p { "Is " b { (name) } " meant?" } }
        p { a href="/" { "To the watch" } }
    };
    Page { title: problem.title.clone(), nav: None, content, status: problem.status }
}

/// Why an act was not done: what they saw, what is now, and a way back.
pub(crate) async fn not_done(house: &House, view: &View, verb: &Verb, given: &Given, problem: &Problem) -> Response {
    let back = [("incident", "/incidents/"), ("monitor", "/monitors/")];
    let back = back.iter().find_map(|(name, path)| Some(format!("{path}{}", escaped(given.text(name)?))));
    let back = back.or_else(|| Some(format!("/runs/{}/steps/{}", given.text("run")?, given.text("step")?)));
    let back = back.unwrap_or_else(|| if verb.word == "take" { "/handover" } else { "/gates" }.to_owned());
    let content = html! {
        h1 { "Nothing was done." }
        div class="box red" role="alert" {
            h2 { (crate::look::words::capital(&problem.title)) }
            @if let Some(detail) = &problem.detail { p { (crate::look::words::capital(detail)) } }
            @if let Some(field) = &problem.field { p class="meta" { "The field is `" (field) "`." } }
            @for name in &problem.nearest { p { "Is " b { (name) } " meant?" } }
            div class="buttons" { a class="button" href=(back) { "Look again" } }
        }
    };
    let page = Page { title: "Nothing was done".to_owned(), nav: None, content, status: problem.status };
    framed(house, view, page).await
}

/// Who has not said who they are is asked once, before the first act; the same form goes on from here.
pub(crate) async fn ask_name(house: &House, view: &View, given: &Given) -> Response {
    let content = html! {
        h1 { "Who are you?" }
        p class="lead prose" { "Nobody signs on here, so that the record can only say what you say: your name is kept as unproved." }
        form method="post" action=(view.target) class="prose" {
            @for (name, value) in given.all() { input type="hidden" name=(name) value=(value); }
            label { "Your name" small { "Your mailbox, where your team's approvals need it. Kept for the next time." }
                input type="text" name="by" required maxlength="100" autocomplete="email" autofocus;
            }
            div class="buttons" {
                button type="submit" class="next" { "Go on" }
                a class="button" href="/" { "Do nothing" }
            }
        }
    };
    let (nav, status) = (None, StatusCode::UNPROCESSABLE_ENTITY);
    framed(house, view, Page { title: "Who are you?".to_owned(), nav, content, status }).await
}

/// Whether a visitor may act at all from here.
pub(crate) fn may_act(visitor: &Visitor) -> bool {
    visitor.may(Role::Responder) && visitor.has_browser()
}
