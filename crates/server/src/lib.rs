//! The daemon's HTTP face: gates over OFREP and plain HTTP, health.
//!
//! Architecture invariant: nothing here writes. Every route reads, so a visitor can change nothing.

mod answer;
mod gates;
mod health;
mod host;
mod listen;
mod ofrep;
mod plain;

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::StatusCode,
    middleware::{Next, from_fn},
    response::Response,
    routing::{get, post},
};

pub use gates::{GateReading, Gates};
pub use health::Pulse;
pub use listen::{CONNECTIONS_MAX, serve};

/// The largest request body that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// The longest time one request may take, its body's arrival included.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

/// Every route, over these gates; `pulse` says how the engine is.
pub fn router(gates: Gates, pulse: impl Fn() -> Pulse + Clone + Send + Sync + 'static) -> Router {
    Router::new()
        .route("/ofrep/v1/evaluate/flags/{key}", post(ofrep::one))
        .route("/ofrep/v1/evaluate/flags", post(ofrep::all))
        .route("/v1/gates", get(plain::all))
        .route("/v1/gates/{name}", get(plain::one))
        .route("/healthz", get(async move || health::healthz(pulse())))
        .fallback(async || answer::failure(StatusCode::NOT_FOUND, "there is nothing at this path"))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(in_time))
        .layer(from_fn(host::only_ours))
        .with_state(gates)
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => answer::failure(StatusCode::REQUEST_TIMEOUT, "the request took longer than 10 s"),
    }
}
