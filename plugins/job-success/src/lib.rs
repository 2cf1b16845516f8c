//! Measures how many jobs end well.

mod ended;

use ended::Ended;
use watchkeeper_plugin::{Check, Declared, Failure, Frame, Kind, Measurement, Metric, Params, Run, log};

const STATUSES: &[Kind] = &[Kind::Text, Kind::Flag, Kind::Integer, Kind::Number];

const MICROSECONDS_A_MINUTE: f64 = 60e6;

/// How many jobs end well.
#[derive(Debug, Params)]
pub struct JobSuccess {
    /// The column that says how each run ended; a run without a status has not finished and is left out.
    status: String,
    /// The statuses of success, written as text: `true` of a flag, `0` of a number.
    #[param(default = ["succeeded"])]
    success: Vec<String>,
}

const SUCCESS_RATE: Metric =
    Metric::new("success_rate", "share", "Successes divided by finished runs, between 0 and 1.");
const RUNS: Metric = Metric::new("runs", "runs", "Finished runs.");
const MINUTES_SINCE_SUCCESS: Metric = Metric::new(
    "minutes_since_success",
    "minutes",
    "Minutes between the tick and the newest success; without one, at least the window's start.",
);

impl Check for JobSuccess {
    const SUMMARY: &'static str = "The share of finished runs that succeeded, and the age of the last success.";

    const METRICS: &'static [Declared] = &[SUCCESS_RATE.declared(), RUNS.declared(), MINUTES_SINCE_SUCCESS.declared()];

    fn check(&self, run: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        let status = current.field("status", &self.status, STATUSES)?;
        if self.success.is_empty() {
            return Err(Failure::config("parameter \"success\": the list is empty; name one, such as succeeded"));
        }
        let ended = Ended::count(current, &status, &self.success, run)?;
        if ended.finished == 0 {
            return Err(Failure::no_data(match ended.rows {
                0 => "the window has no rows".to_owned(),
                rows => format!("no run has finished: column \"{}\" is null in all {rows} rows", self.status),
            }));
        }
        Ok(self.report(&ended, run))
    }
}

impl JobSuccess {
    fn report(&self, ended: &Ended, run: &Run) -> Vec<Measurement> {
        let told = format!(
            "{} of {} finished runs succeeded; {} rows have no status",
            ended.succeeded,
            ended.finished,
            ended.rows - ended.finished
        );
        let rate = ended.succeeded as f64 / ended.finished as f64;
        let mut measurements = vec![SUCCESS_RATE.of([], rate).detail(told), RUNS.of([], ended.finished as f64)];
        match &run.time_column {
            Some(_) => measurements.push(since(ended, run)),
            None => log::warn("minutes_since_success is left out: the source names no time column"),
        }
        measurements
    }
}

/// Without a success nobody knows how long ago the last one was, but that it was before the window is known.
fn since(ended: &Ended, run: &Run) -> Measurement {
    let minutes = |time: i64| run.scheduled_at.saturating_sub(time) as f64 / MICROSECONDS_A_MINUTE;
    let since = |time| MINUTES_SINCE_SUCCESS.of([], minutes(time));
    match ended.last_success {
        Some(time) => since(time),
        None => since(run.window_start).detail("no success in the window: at least so long ago"),
    }
}

watchkeeper_plugin::export!(JobSuccess);

#[cfg(test)]
mod tests;
