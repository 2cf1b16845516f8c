//! The wall clock, the one place that asks the operating system for the time.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{SubsecRound, Utc};
use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::Time;

/// The longest sleep in one piece: a wall clock that is set while we sleep is noticed after this at the latest.
const NAP_MAX: Duration = Duration::from_secs(1);

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port's real implementation")]
    fn now(&self) -> Time {
        let now = Utc::now();
        #[cfg(debug_assertions)]
        let now = now + crate::test_hooks::clock_offset();
        // The store keeps microseconds; a finer time would not come back equal.
        now.trunc_subsecs(6)
    }

    async fn sleep_until(&self, time: Time) {
        while let Some(left) = left_until(time, self.now()) {
            tokio::time::sleep(left.min(nap_max())).await;
        }
    }
}

fn nap_max() -> Duration {
    #[cfg(debug_assertions)]
    if crate::test_hooks::sets_clock() {
        return crate::test_hooks::NAP_MAX;
    }
    NAP_MAX
}

/// How long it is until `time`; `None` once it has come.
fn left_until(time: Time, now: Time) -> Option<Duration> {
    (time - now).to_std().ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_clock_tells_whole_microseconds() {
        let now = SystemClock.now();
        assert_eq!(Time::from_timestamp_micros(now.timestamp_micros()), Some(now));
    }

    #[test]
    fn waiting_ends_when_the_time_has_come() {
        let noon = Time::from_timestamp(1_767_268_800, 0).unwrap();
        let second = TimeDelta::seconds(1);
        assert_eq!(left_until(noon + second, noon), Some(Duration::from_secs(1)));
        assert_eq!(left_until(noon, noon), None);
        assert_eq!(left_until(noon - second, noon), None);
    }
}
