//! Lateness: which ticks that were missed may still begin. It is judged when a tick begins, not when it was planned: a
//! machine that slept does not act on old data.

use std::time::Duration;

use watchkeeper_model::{Misfire, Schedule, Time};

/// A tick that begins later than this is a missed one.
const LATE_AFTER: Duration = Duration::from_secs(5);

/// What is left of the ticks that were missed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Those that still run, oldest first.
    pub(super) ticks: Vec<Time>,
    /// The newest of all that were missed.
    pub(super) last: Time,
}

/// Whether a tick that was due then is a missed one now.
pub(super) fn is_late(due: Time, now: Time) -> bool {
    now > due + LATE_AFTER
}

/// The ticks in `(newest, now]`, as the schedule's deadline and misfire policy leave them; `None` when none was missed.
pub(super) fn missed(schedule: &Schedule, newest: Time, now: Time) -> Option<Kept> {
    // Older ticks may not begin any more, so a long absence costs no more than a short one.
    let oldest = now - schedule.starting_deadline - chrono::TimeDelta::microseconds(1);
    let missed: Vec<Time> = schedule.ticks(newest.max(oldest), now).collect();
    let last = *missed.last()?;
    let ticks = match schedule.misfire {
        Misfire::Skip => Vec::new(),
        Misfire::Latest => vec![last],
        Misfire::All => missed,
    };
    Some(Kept { ticks, last })
}
