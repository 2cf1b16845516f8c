//! Metrics: what the engine and this server count, and what stands in the store when it is asked. Base units, and no label
//! whose values come from data.

mod counted;
mod monitors;
mod stock;

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

pub use counted::Metrics;
pub(crate) use monitors::show as monitors;

use crate::{House, problem::Problem};

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`. While the store is away, what is in memory is told all the same.
pub(crate) async fn show(State(house): State<House>) -> Response {
    let stock = stock::Stock::read(&house).await;
    match house.metrics().encode(&house, stock.as_ref().ok()) {
        Ok(text) => ([(CONTENT_TYPE, KIND)], text).into_response(),
        Err(error) => Problem::broken(error.to_string()).into_response(),
    }
}
