//! Counting: what happens is told to whoever counts it. Nothing depends on it.

use std::time::Duration;

use watchkeeper_model::{Name, Outcome, Verdict};

/// Counts what happens.
pub trait Meter: Send + Sync {
    /// It happened.
    fn count(&self, event: &Counted<'_>);
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Counted<'a> {
    /// A tick was recorded.
    Tick {
        /// Its verdict.
        verdict: Verdict,
        /// The check's plugin.
        plugin: &'a str,
        /// How long after it was due it began.
        lag: Duration,
        /// How long its evaluation took.
        took: Duration,
    },
    /// Incidents were opened.
    Opened(usize),
    /// Incidents recovered.
    Recovered(usize),
    /// A step ended.
    Step {
        /// The action's kind.
        kind: &'a str,
        /// How.
        outcome: Outcome,
        /// From its intent to its end; absent when it was withheld.
        took: Option<Duration>,
        /// From the tick to its end, of a first step.
        first_after: Option<Duration>,
    },
    /// A message was tried.
    Message {
        /// The channel.
        channel: &'a Name,
        /// `sent`, `failed` or `retry`.
        outcome: &'a str,
    },
}

/// Counts nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMeter;

impl Meter for NoMeter {
    fn count(&self, _: &Counted<'_>) {}
}
