//! What is counted as it happens: by the engine through its port, and by this server.

use std::{fmt, time::Duration};

use axum::http::StatusCode;
use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use watchkeeper_engine::ports::meter::{Counted, Meter};
use watchkeeper_model::{Outcome, Verdict, Workspace};

use super::stock::{self, Stock};
use crate::House;

/// Label names and values.
pub(super) type Labels = Vec<(&'static str, String)>;
type Counters = Family<Labels, Counter>;
type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// What is counted.
pub struct Metrics {
    registry: Registry,
    ticks: Counters,
    lag: Histogram,
    checks: Histograms,
    opened: Counter,
    resolved: Counters,
    steps: Counters,
    step_time: Histograms,
    first_step: Histogram,
    messages: Counters,
    reloaded: Gauge,
    reloaded_at: Gauge,
    requests: Counters,
    request_time: Histograms,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn short() -> Histogram {
    Histogram::new([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0])
}

fn long() -> Histogram {
    Histogram::new([0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0])
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("watchkeeper");
        let metrics = Self {
            ticks: Counters::default(),
            lag: short(),
            checks: Histograms::new_with_constructor(short),
            opened: Counter::default(),
            resolved: Counters::default(),
            steps: Counters::default(),
            step_time: Histograms::new_with_constructor(short),
            first_step: long(),
            messages: Counters::default(),
            reloaded: Gauge::default(),
            reloaded_at: Gauge::default(),
            requests: Counters::default(),
            request_time: Histograms::new_with_constructor(short),
            registry: Registry::default(),
        };
        registry.register("ticks", "Ticks recorded, by verdict", metrics.ticks.clone());
        let seconds = || Unit::Seconds;
        registry.register_with_unit(
            "tick_lag",
            "From when a tick was due to when it began",
            seconds(),
            metrics.lag.clone(),
        );
        registry.register_with_unit("check_duration", "Evaluations, by plugin", seconds(), metrics.checks.clone());
        registry.register("incidents_opened", "Incidents opened", metrics.opened.clone());
        registry.register("incidents_resolved", "Incidents resolved, by people or recovery", metrics.resolved.clone());
        registry.register("steps", "Steps ended, by kind and outcome", metrics.steps.clone());
        registry.register_with_unit(
            "step_duration",
            "From intent to end, by kind",
            seconds(),
            metrics.step_time.clone(),
        );
        let first = metrics.first_step.clone();
        registry.register_with_unit("first_step_delay", "From the tick to the end of the first step", seconds(), first);
        registry.register("messages", "Messages tried, by channel and outcome", metrics.messages.clone());
        let reloaded = metrics.reloaded.clone();
        registry.register(
            "config_last_reload_successful",
            "Whether the configuration was read the last time",
            reloaded,
        );
        let at = metrics.reloaded_at.clone();
        registry.register_with_unit("config_last_reload_success_timestamp", "When it was read last", seconds(), at);
        registry.register("http_requests", "Requests, by route and status", metrics.requests.clone());
        let times = metrics.request_time.clone();
        registry.register_with_unit("http_request_duration", "Requests, by route", seconds(), times);
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// What may be counted of a configuration begins at 0, so that the first time is seen to be one.
    pub(crate) fn begin_at_zero(&self, workspace: &Workspace) {
        for verdict in [Verdict::Ok, Verdict::Warn, Verdict::NoData, Verdict::Breach, Verdict::Error] {
            drop(self.ticks.get_or_create(&vec![("verdict", verdict.as_str().to_owned())]));
        }
        for kind in ["gate", "exec", "http", "jira"].map(str::to_owned) {
            drop(self.step_time.get_or_create(&vec![("kind", kind.clone())]));
            for outcome in [Outcome::Done, Outcome::Failed, Outcome::Unknown, Outcome::Withheld] {
                drop(self.steps.get_or_create(&vec![("kind", kind.clone()), ("outcome", outcome.as_str().to_owned())]));
            }
        }
        for by in ["people", "recovery"] {
            drop(self.resolved.get_or_create(&vec![("by", by.to_owned())]));
        }
        for channel in workspace.channels.keys() {
            for outcome in ["sent", "failed", "retry"] {
                let labels = vec![("channel", channel.to_string()), ("outcome", outcome.to_owned())];
                drop(self.messages.get_or_create(&labels));
            }
        }
        for monitor in workspace.monitors.values() {
            drop(self.checks.get_or_create(&vec![("plugin", monitor.check.plugin.clone())]));
        }
    }

    /// The configuration was read, or could not be.
    pub fn reloaded(&self, successful: bool, at: watchkeeper_model::Time) {
        self.reloaded.set(i64::from(successful));
        if successful {
            self.reloaded_at.set(at.timestamp());
        }
    }

    /// People resolved an incident here; those who do so by the command line are not seen.
    pub(crate) fn resolved_by_people(&self) {
        self.resolved.get_or_create(&vec![("by", "people".to_owned())]).inc();
    }

    /// A request of a route begins.
    pub(crate) fn request(&self, route: &str) -> Timed<'_> {
        Timed { metrics: self, route: route.to_owned(), since: tokio::time::Instant::now() }
    }

    /// Everything as OpenMetrics.
    pub(super) fn encode(&self, house: &House, stock: Option<&Stock>) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &stock::registry(house, stock))?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl Meter for Metrics {
    fn count(&self, event: &Counted<'_>) {
        match *event {
            Counted::Tick { verdict, plugin, lag, took } => {
                self.ticks.get_or_create(&vec![("verdict", Verdict::as_str(verdict).to_owned())]).inc();
                self.lag.observe(lag.as_secs_f64());
                self.checks.get_or_create(&vec![("plugin", plugin.to_owned())]).observe(took.as_secs_f64());
            }
            Counted::Opened(count) => drop(self.opened.inc_by(count as u64)),
            Counted::Recovered(count) => {
                self.resolved.get_or_create(&vec![("by", "recovery".to_owned())]).inc_by(count as u64);
            }
            Counted::Step { kind, outcome, took, first_after } => {
                let labels = vec![("kind", kind.to_owned()), ("outcome", outcome.as_str().to_owned())];
                self.steps.get_or_create(&labels).inc();
                let seconds = |length: Duration| length.as_secs_f64();
                if let Some(took) = took {
                    self.step_time.get_or_create(&vec![("kind", kind.to_owned())]).observe(seconds(took));
                }
                if let Some(after) = first_after {
                    self.first_step.observe(seconds(after));
                }
            }
            Counted::Message { channel, outcome } => {
                let labels = vec![("channel", channel.to_string()), ("outcome", outcome.to_owned())];
                self.messages.get_or_create(&labels).inc();
            }
        }
    }
}

/// A request that is under way.
pub(crate) struct Timed<'a> {
    metrics: &'a Metrics,
    route: String,
    since: tokio::time::Instant,
}

impl Timed<'_> {
    pub(crate) fn ended(self, status: StatusCode) {
        let labels = vec![("route", self.route.clone()), ("status", status.as_u16().to_string())];
        self.metrics.requests.get_or_create(&labels).inc();
        let took = self.since.elapsed().as_secs_f64();
        self.metrics.request_time.get_or_create(&vec![("route", self.route)]).observe(took);
    }
}
