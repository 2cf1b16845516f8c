//! `/login`: a token becomes a session; a provider is asked where there is one. There are no passwords.

use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::{StatusCode, header::CACHE_CONTROL, header::LOCATION},
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use watchkeeper_store::Session;

use crate::{
    House,
    access::{self, Jar},
    asset,
    problem::Problem,
};

/// A form of these bytes is longer than any token.
const FORM_MAX: usize = 4_096;

/// The page itself.
pub(crate) async fn show(State(house): State<House>) -> Response {
    let mut answer = asked(&house, None);
    *answer.status_mut() = StatusCode::OK;
    answer
}

/// Who somebody is is not known: the page that asks, as a 401.
pub(crate) fn asked(house: &House, wrong: Option<&str>) -> Response {
    let workspace = house.workspace();
    let content = html! {
        h1 { "Sign on to Watchkeeper" }
        @if let Some(wrong) = wrong { div class="box red" role="alert" { p { (wrong) } } }
        @if workspace.web.oidc.is_some() {
            div class="buttons" { a class="button" href="/login/provider" { "Sign on with your organisation" } }
        }
        form method="post" action="/login" class="prose" {
            label { "Token" small { code { "watchkeeper token new NAME --role responder" } " makes one." }
                input type="password" name="token" required autocomplete="current-password" maxlength="200";
            }
            div class="buttons" { button class="next" type="submit" { "Sign on" } }
        }
    };
    bare(house, StatusCode::UNAUTHORIZED, content)
}

/// A page for somebody who is not let in: nothing of the store stands on it.
pub(crate) fn bare(house: &House, status: StatusCode, content: Markup) -> Response {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Watchkeeper " (house.name()) }
                link rel="stylesheet" href=(asset::STYLE.path());
                link rel="icon" href=(asset::ICON.path()) type="image/svg+xml";
            }
            body {
                header { div class="wide" { a class="brand" href="/" { b { "Watchkeeper" } } } }
                main class="wide" { (content) }
            }
        }
    };
    (status, [(CACHE_CONTROL, "no-store")], Html(body.into_string())).into_response()
}

/// The form: a token that counts begins a session.
pub(crate) async fn answer(State(house): State<House>, request: Request) -> Response {
    if !access::is_same_origin(request.headers()) {
        return bare(&house, StatusCode::FORBIDDEN, html! { h1 { "This form does not come from this page." } });
    }
    let mut jar = Jar::of(request.headers(), &house.workspace().web);
    let Ok(body) = to_bytes(request.into_body(), FORM_MAX).await else {
        return asked(&house, Some("That is longer than any token."));
    };
    let token =
        url::form_urlencoded::parse(&body).find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
    let token = token.unwrap_or_default();
    match signed_on(&house, token.trim(), &mut jar).await {
        Ok(true) => jar.add_to((StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response()),
        Ok(false) => asked(&house, Some("This token is not known here, or has ended.")),
        Err(problem) => bare(&house, problem.status, html! { h1 { (problem.title) } }),
    }
}

async fn signed_on(house: &House, token: &str, jar: &mut Jar) -> Result<bool, Problem> {
    let now = house.now();
    let found = house.store().token(&access::hash(token), now).await.map_err(Problem::store)?;
    let Some(found) = found.filter(|found| found.role != watchkeeper_model::Role::Gates) else { return Ok(false) };
    let token = Some(found.name.clone());
    let session = Session { name: found.name, subject: None, groups: Vec::new(), token, since: now, until: now };
    jar.sign_on(house, session).await?;
    Ok(true)
}

/// The end of a session.
pub(crate) async fn out(State(house): State<House>, request: Request) -> Response {
    if !access::is_same_origin(request.headers()) {
        return bare(&house, StatusCode::FORBIDDEN, html! { h1 { "This form does not come from this page." } });
    }
    let mut jar = Jar::of(request.headers(), &house.workspace().web);
    match jar.sign_off(&house).await {
        Ok(()) => jar.add_to((StatusCode::SEE_OTHER, [(LOCATION, "/login")]).into_response()),
        Err(problem) => problem.into_response(),
    }
}

/// To the provider.
pub(crate) async fn provider(State(house): State<House>, request: Request) -> Response {
    let mut jar = Jar::of(request.headers(), &house.workspace().web);
    match access::begin(&house, &mut jar).await {
        Ok(address) => jar.add_to((StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response()),
        Err(problem) => bare(
            &house,
            problem.status,
            html! { h1 { (problem.title) } p { a href="/login" { "Sign on with a token" } } },
        ),
    }
}

/// Back from the provider.
pub(crate) async fn back(State(house): State<House>, request: Request) -> Response {
    let mut jar = Jar::of(request.headers(), &house.workspace().web);
    let query = request.uri().query().unwrap_or_default();
    let field = |wanted: &str| {
        let mut fields = url::form_urlencoded::parse(query.as_bytes());
        fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    match access::end(&house, &mut jar, &field("code"), &field("state")).await {
        Ok(()) => jar.add_to((StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response()),
        Err(problem) => {
            let detail = problem.detail.clone().unwrap_or_default();
            bare(
                &house,
                problem.status,
                html! { h1 { (problem.title) } p { (detail) } p { a href="/login" { "Sign on again" } } },
            )
        }
    }
}
