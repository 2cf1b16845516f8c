//! Metrics: what the engine and this server count, and what stands in the store when it is asked. Base units, and no label
//! whose values come from data.

mod classic;
mod counted;
mod monitors;
mod stock;

use axum::{
    extract::State,
    http::{
        HeaderMap,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

pub use counted::Metrics;
pub(crate) use monitors::show as monitors;

use crate::{House, problem::Problem};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`. While the store is away, what is in memory is told all the same.
pub(crate) async fn show(State(house): State<House>, headers: HeaderMap) -> Response {
    let stock = stock::Stock::read(&house).await;
    match house.metrics().encode(&house, stock.as_ref().ok()) {
        Ok(text) => told(&headers, text),
        Err(error) => Problem::broken(error.to_string()).into_response(),
    }
}

/// As OpenMetrics to whoever asks for it, in the older text format to everybody else.
fn told(headers: &HeaderMap, text: String) -> Response {
    let accepts = headers.get(ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    match accepts.contains("application/openmetrics-text") {
        true => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        false => ([(CONTENT_TYPE, TEXT)], classic::of(&text)).into_response(),
    }
}
