//! The total time limit of one call, and how long to wait before asking again.

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::time::{Instant, sleep, timeout_at};

const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The moment at which a call must be over, on the runtime's monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(Instant);

impl Limit {
    /// A limit that lies `timeout` ahead.
    pub(crate) fn ahead(timeout: Duration) -> Self {
        Self(sleep(timeout).deadline())
    }

    /// A limit half as far ahead, but for a last second that is not worth dividing.
    pub(crate) fn half(&self) -> Self {
        let left = self.0.duration_since(sleep(Duration::ZERO).deadline());
        if left <= Duration::from_secs(1) { *self } else { Self::ahead(left / 2) }
    }

    /// What `work` returns; `None` when the limit comes first, and `work` is dropped.
    pub(crate) async fn within<F: Future>(&self, work: F) -> Option<F::Output> {
        timeout_at(self.0, work).await.ok()
    }

    /// Waits, unless that would reach the limit: then it returns `false` at once.
    pub(crate) async fn pause(&self, length: Duration) -> bool {
        let pause = sleep(length);
        let in_time = pause.deadline() < self.0;
        if in_time {
            pause.await;
        }
        in_time
    }
}

/// The least pause before attempt `attempt + 2`, whatever the peer asks for: doubling from a quarter of a second to eight, spread by the call's own key so that calls which failed together do not come back together.
pub(crate) fn backoff(attempt: u32, key: &str) -> Duration {
    let seed = key.bytes().fold(attempt, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    FIRST_PAUSE * 2_u32.pow(attempt.min(5)) * (750 + seed % 500) / 1000
}

/// The peer's `Retry-After`: seconds, or a date that is read against the answer's own `Date`.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok();
    let answered = date(headers.get(DATE)?.to_str().ok()?)?;
    Some((date(text)? - answered).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(reqwest::header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "7")])), Some(Duration::from_secs(7)));
        let dated = [(DATE, "Wed, 21 Oct 2026 07:28:00 GMT"), (RETRY_AFTER, "Wed, 21 Oct 2026 07:29:30 GMT")];
        assert_eq!(retry_after(&headers(&dated)), Some(Duration::from_secs(90)));
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "soon")])), None);
    }

    #[test]
    fn pauses_grow_and_differ_between_calls() {
        assert!(backoff(0, "a") < backoff(2, "a") && backoff(2, "a") < backoff(5, "a"));
        assert_ne!(backoff(1, "one"), backoff(1, "two"));
        assert!(backoff(40, "a") <= Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_pause_that_reaches_the_limit_is_not_begun() {
        assert!(!Limit::ahead(Duration::from_secs(1)).pause(Duration::from_secs(3600)).await);
    }
}
