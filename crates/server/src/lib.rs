//! The daemon's HTTP face: the page, the API, gates over OFREP, health and metrics.
//!
//! Architecture invariant: every write is one call that the command line makes too, and names who did it; a GET changes
//! nothing. Every route says what its visitor must be.

mod access;
mod act;
mod api;
mod asset;
mod events;
mod gates;
mod headers;
mod health;
mod host;
mod house;
mod listen;
mod look;
mod metrics;
mod ofrep;
mod page;
mod problem;
mod routes;
mod seen;
mod series;

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request},
    http::Method,
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tower_http::compression::CompressionLayer;
use watchkeeper_model::Role;

pub use access::new_token;
pub use events::STREAMS_MAX;
pub use health::Pulse;
pub use house::{Doing, Hands, House, Parts, ReadSecret};
pub use listen::{CONNECTIONS_MAX, serve};
pub use metrics::Metrics;

use crate::{problem::Problem, routes::Routes};

/// The largest request body that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// The longest time one request may take, its body's arrival included.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// Every route of a house.
pub fn router(house: &House) -> Router {
    let mut routes = Routes::new(house.clone());
    routes = page::routes(routes);
    routes = api::routes(routes);
    routes = act::VERBS.iter().fold(routes, Routes::verb);
    let state = || house.clone();
    let one = axum::routing::post(ofrep::one).with_state(state());
    let all = axum::routing::post(ofrep::all).with_state(state());
    routes = routes
        .other("/ofrep/v1/evaluate/flags/{key}", Role::Gates, Method::POST, "Ask a gate, over OFREP", "Flag", one)
        .other("/ofrep/v1/evaluate/flags", Role::Gates, Method::POST, "Ask every gate, over OFREP", "Flags", all)
        .read(
            "/v1/events",
            Role::Viewer,
            "The tail of the ledger as a stream",
            events::FIELDS,
            "Events",
            events::listen,
        )
        .other(
            "/metrics",
            Role::Viewer,
            Method::GET,
            "Metrics, as OpenMetrics to whoever asks for it",
            "Metrics",
            get(metrics::show).with_state(state()),
        )
        .other(
            "/metrics/monitors",
            Role::Viewer,
            Method::GET,
            "The verdict of each monitor",
            "Metrics",
            get(metrics::monitors).with_state(state()),
        );
    let (router, described) = routes.done();
    let document = api::document(&described);
    let (named, fallback) = (state(), state());
    let public = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/login", get(page::login).post(page::login_answer))
        .route("/login/provider", get(page::login_provider))
        .route("/login/back", get(page::login_back))
        .route("/logout", axum::routing::post(page::logout))
        .route("/v1/openapi.json", get(async move || Json((*document).clone())))
        .with_state(state())
        .merge(asset::router());
    router
        .merge(public)
        .fallback(async move |request: Request| page::missing(&fallback, request.uri().path()))
        .layer(CompressionLayer::new())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(in_time))
        .layer(from_fn(headers::strict))
        .layer(from_fn(move |request, next| host::only_ours(named.clone(), request, next)))
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::too_late(REQUEST_TIME_MAX.as_secs()).into_response(),
    }
}
