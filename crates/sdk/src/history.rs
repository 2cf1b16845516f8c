//! What the check measured at earlier ticks of its monitor.

use crate::{Failure, Metric};

pub use crate::bindings::watchkeeper::check::history::Point;

impl<const LABELS: usize> Metric<LABELS> {
    /// The newest points of the series with these labels from ticks before this one, newest first; at most 10,000.
    ///
    /// A component that never calls this does not import the interface. In tests it is what [`given`] gave.
    pub fn earlier(&self, labels: [&str; LABELS], most: u32) -> Result<Vec<Point>, Failure> {
        let measurement = self.of(labels, 0.0);
        let points = read(&measurement.metric, &measurement.labels, most);
        points.map_err(|reason| Failure::retry(format!("cannot read the history: {reason}")))
    }
}

#[cfg(target_family = "wasm")]
use crate::bindings::watchkeeper::check::history::points as read;

#[cfg(not(target_family = "wasm"))]
pub use scripted::given;
#[cfg(not(target_family = "wasm"))]
use scripted::points as read;

#[cfg(not(target_family = "wasm"))]
mod scripted {
    use std::cell::RefCell;

    use super::Point;
    use crate::Measurement;

    thread_local! {
        static GIVEN: RefCell<Vec<(i64, Measurement)>> = const { RefCell::new(Vec::new()) };
    }

    /// Makes these measurements, each with its tick in microseconds, what a test's check knows of earlier ticks.
    pub fn given(measured: Vec<(i64, Measurement)>) {
        GIVEN.with(|given| *given.borrow_mut() = measured);
    }

    pub(super) fn points(metric: &str, labels: &[(String, String)], most: u32) -> Result<Vec<Point>, String> {
        GIVEN.with(|given| {
            let given = given.borrow();
            let of_series = given.iter().filter(|(_, it)| it.metric == metric && it.labels == labels);
            let mut points: Vec<Point> = of_series.map(|(at, it)| Point { at: *at, value: it.value }).collect();
            points.sort_by_key(|point| std::cmp::Reverse(point.at));
            points.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            Ok(points)
        })
    }
}
