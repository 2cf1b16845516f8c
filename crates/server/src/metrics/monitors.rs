//! `GET /metrics/monitors`: each monitor's verdict, up to a number of them that a scraper can bear.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::text::encode,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{counted::Labels, told};
use crate::{House, problem::Problem};

/// More monitors than this are not told one by one.
const MONITORS_MAX: usize = 2_000;

pub(crate) async fn show(State(house): State<House>, headers: HeaderMap) -> Response {
    let workspace = house.workspace();
    let verdicts = match house.store().last_verdicts().await {
        Ok(verdicts) => verdicts,
        Err(error) => return Problem::store(error).into_response(),
    };
    let mut registry = Registry::with_prefix("watchkeeper_monitor");
    let left_out = workspace.monitors.len().saturating_sub(MONITORS_MAX);
    let gauge: Gauge = Gauge::default();
    gauge.set(i64::try_from(left_out).unwrap_or(i64::MAX));
    registry.register("left_out", "Monitors that are not told here: there are more than 2,000", gauge);
    let (verdict, at) = (Family::<Labels, Gauge>::default(), Family::<Labels, Gauge>::default());
    for monitor in workspace.monitors.keys().take(MONITORS_MAX) {
        let Ok(place) = verdicts.binary_search_by(|last| last.monitor.cmp(monitor)) else { continue };
        let Some(last) = verdicts.get(place) else { continue };
        let of = || ("monitor", monitor.to_string());
        verdict.get_or_create(&vec![of(), ("verdict", last.verdict.as_str().to_owned())]).set(1);
        at.get_or_create(&vec![of()]).set(last.scheduled_at.timestamp());
    }
    registry.register("verdict", "1 for the verdict of the newest tick", verdict);
    registry.register_with_unit("last_tick_timestamp", "The newest tick", Unit::Seconds, at);
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => told(&headers, text),
        Err(error) => Problem::broken(error.to_string()).into_response(),
    }
}
