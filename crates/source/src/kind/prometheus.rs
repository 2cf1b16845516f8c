//! The kind `prometheus`: an instant query at the window's end, or a range query over the window, as rows of `time`,
//! `value` and one column a label.

mod answer;
mod series;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use datafusion::arrow::array::RecordBatch;
use url::Url;
use watchkeeper_engine::ports::frame::{FrameError, FrameFault, Span};
use watchkeeper_model::{PrometheusSource, Time};
use watchkeeper_secret::SecretReader;

use crate::fault::Why;
use crate::shape::Shape;
use crate::web;
use series::Series;

/// The column of the samples' times.
const TIME: &str = "time";

/// Prometheus refuses a range of more than 11,000 evaluations.
const EVALUATIONS_MAX: i32 = 10_000;

/// The most requests for one window: a step that needs more is a slip.
const REQUESTS_MAX: usize = 100;

/// A query to Prometheus.
#[derive(Debug)]
pub(crate) struct Prometheus {
    source: PrometheusSource,
    secrets: SecretReader,
}

impl Prometheus {
    pub(crate) fn new(source: PrometheusSource, secrets: SecretReader) -> Self {
        Self { source, secrets }
    }

    /// The samples of a span; what they are depends on it, so that none are kept.
    pub(crate) async fn read(&self, name: &str, span: Span) -> Result<(Arc<Shape>, RecordBatch), FrameError> {
        let rows = self.samples(span).await.map_err(|why| why.of(name))?;
        let shape = Arc::new(Shape::new(name, rows.schema(), Some(TIME))?);
        Ok((shape, rows))
    }

    async fn samples(&self, span: Span) -> Result<RecordBatch, Why> {
        let mut samples = Vec::new();
        for request in requests(&self.source, span).map_err(|what| Why::new(FrameFault::Refused, what))? {
            samples.extend(self.ask(request).await?);
        }
        Ok(series::batch(samples)?)
    }

    async fn ask(&self, url: Url) -> Result<Vec<Series>, Why> {
        let place = web::shown(&url);
        let answer = web::get(url, self.source.token.as_ref(), &self.secrets, self.source.timeout).await?;
        answer::read(&answer, &place).map_err(|why| why.masked(&answer.mask))
    }
}

/// The URLs to ask: one for an instant, as many as are needed for a range.
fn requests(source: &PrometheusSource, span: Span) -> Result<Vec<Url>, String> {
    let Some(step) = source.step else {
        let time = span.end.map(|end| ("time", seconds(end)));
        return Ok(vec![url(source, "query", time.into_iter().collect())?]);
    };
    let (Some(start), Some(end)) = (span.start, span.end) else {
        return Err("a range query needs a window; give the monitor's input a `window`, or leave out `step`".to_owned());
    };
    let pieces = pieces(start, end, step)?;
    let piece = |(from, to): (Time, Time)| {
        let step = format!("{}", step.as_secs_f64());
        url(source, "query_range", vec![("start", seconds(from)), ("end", seconds(to)), ("step", step)])
    };
    pieces.into_iter().map(piece).collect()
}

/// The first and last evaluation of each request; all lie in `[start, end)` and are a step apart.
fn pieces(start: Time, end: Time, step: Duration) -> Result<Vec<(Time, Time)>, String> {
    let step = TimeDelta::from_std(step).map_err(|_| "its `step` is too long".to_owned())?;
    // A step past the calendar's end is past the window's as well.
    let later = |from: Time, steps: i32| {
        let apart = step.checked_mul(steps).and_then(|apart| from.checked_add_signed(apart));
        apart.unwrap_or(end).min(end)
    };
    let last = end - TimeDelta::milliseconds(1);
    let mut pieces = Vec::new();
    let mut from = start;
    while from < end {
        if pieces.len() == REQUESTS_MAX {
            return Err(format!("its `step` needs more than {REQUESTS_MAX} requests for one window; make it longer"));
        }
        pieces.push((from, later(from, EVALUATIONS_MAX - 1).min(last)));
        from = later(from, EVALUATIONS_MAX);
    }
    Ok(pieces)
}

fn url(source: &PrometheusSource, path: &str, times: Vec<(&str, String)>) -> Result<Url, String> {
    let base = source.url.trim_end_matches('/');
    let mut url =
        Url::parse(&format!("{base}/api/v1/{path}")).map_err(|error| format!("its `url` cannot be used: {error}"))?;
    url.query_pairs_mut()
        .append_pair("query", &source.query)
        .append_pair("timeout", &format!("{}ms", source.timeout.as_millis()))
        .extend_pairs(times);
    Ok(url)
}

/// Seconds since 1970 with milliseconds, the unit and resolution of Prometheus.
fn seconds(time: Time) -> String {
    let milliseconds = time.timestamp_millis();
    format!("{}.{:03}", milliseconds.div_euclid(1_000), milliseconds.rem_euclid(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.parse().expect("a time")
    }

    #[test]
    fn a_range_ends_before_the_window_does() {
        let (start, end) = (time("2024-01-01T00:00:00Z"), time("2024-01-01T01:00:00Z"));
        let pieces = pieces(start, end, Duration::from_secs(60)).expect("pieces");
        assert_eq!(pieces, [(start, end - TimeDelta::milliseconds(1))]);
    }

    #[test]
    fn a_long_range_is_asked_in_pieces_a_step_apart() {
        let (start, end) = (time("2024-01-01T00:00:00Z"), time("2024-01-01T07:00:00Z"));
        let pieces = pieces(start, end, Duration::from_secs(1)).expect("pieces");
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces[1].0 - pieces[0].1, TimeDelta::seconds(1));
        assert_eq!(pieces[2].1, end - TimeDelta::milliseconds(1));
        assert!(super::pieces(start, end, Duration::from_millis(1)).is_err());
    }

    #[test]
    fn times_are_seconds_with_milliseconds() {
        assert_eq!(seconds(time("1970-01-01T00:00:01.5Z")), "1.500");
        assert_eq!(seconds(time("1969-12-31T23:59:59.750Z")), "-1.750");
    }
}
