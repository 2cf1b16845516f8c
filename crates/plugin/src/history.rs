//! What a guest may know of the monitor's own earlier measurements.

use std::sync::Arc;

use wasmtime::Result;
use watchkeeper_model::{Labels, Series};

use crate::{
    bindings::history::{Host, Point},
    sandbox::Sandbox,
};

/// Points of one call.
const POINTS_MAX: usize = 10_000;

impl Host for Sandbox {
    fn points(
        &mut self,
        metric: String,
        labels: Vec<(String, String)>,
        most: u32,
    ) -> Result<Result<Vec<Point>, String>> {
        let series = Series { metric, labels: labels.into_iter().collect::<Labels>() };
        let most = usize::try_from(most).unwrap_or(POINTS_MAX).min(POINTS_MAX);
        let history = Arc::clone(&self.history);
        let points = self.wait(history.points(&series, most))?;
        let written = |points: Vec<watchkeeper_engine::ports::history::Point>| {
            points.into_iter().map(|point| Point { at: point.at.timestamp_micros(), value: point.value }).collect()
        };
        Ok(points.map(written))
    }
}
