//! Supervision: a loop that fails or panics is logged, begun again after a pause that grows, and shown until it is well.

use std::time::Duration;

use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};
use watchkeeper_model::Time;

use crate::{error::EngineError, health::with_causes, ports::store::StoreError, retry::Retry};

/// Asks a running engine to stop: `true` means stop.
pub type Stop = watch::Receiver<bool>;

/// The longest pause before a loop that failed goes on.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Runs a loop until it ends well, or until it is asked to stop while it pauses after a failure.
pub(crate) async fn supervise<Work>(part: &str, retry: &Retry, stop: &Stop, mut work: impl FnMut() -> Work)
where
    Work: Future<Output = Result<(), EngineError>> + Send + 'static,
{
    let mut failures = 0;
    loop {
        let begun = retry.clock.now();
        // A task of its own, so that a panic ends it and not the watch.
        let message = match tokio::spawn(work()).await {
            Ok(Ok(())) => return retry.health.ended(part),
            Ok(Err(error)) => with_causes(&error),
            Err(panic) => format!("a mistake in Watchkeeper: {panic}"),
        };
        tracing::error!(part, reason = message, "it failed and goes on soon");
        let now = retry.clock.now();
        retry.health.failed(part, message, now);
        // One that went well for a while begins to count anew.
        failures = if now - begun > chrono::TimeDelta::minutes(1) { 1 } else { failures + 1 };
        if stopped_within(retry, pause(failures), stop).await {
            return;
        }
    }
}

/// Shows how one turn of a loop went; gives what it found, if it went well.
pub(crate) fn turned<T>(part: &'static str, retry: &Retry, found: Result<T, StoreError>) -> Option<T> {
    match found {
        Ok(found) => {
            retry.health.well(part);
            Some(found)
        }
        Err(error) => {
            retry.health.failed(part, with_causes(&error), retry.clock.now());
            tracing::error!(part, error = &error as &dyn std::error::Error, "it failed and is tried again soon");
            None
        }
    }
}

/// Lets go of the tasks that have ended; what one of them had in hand when it panicked is taken up again.
pub(crate) fn let_go(part: &'static str, under_way: &mut JoinSet<()>) {
    while let Some(ended) = under_way.try_join_next() {
        if let Err(panic) = ended {
            tracing::error!(part, %panic, "a task ended by a mistake in Watchkeeper");
        }
    }
}

/// Waits until a time, a bell or the wish to stop.
pub(crate) async fn rest(retry: &Retry, until: Time, bell: &Notify, stop: &mut Stop) {
    tokio::select! {
        () = retry.clock.sleep_until(until) => {}
        () = bell.notified() => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Waits; whether it was asked to stop meanwhile.
pub(crate) async fn stopped_within(retry: &Retry, pause: Duration, stop: &Stop) -> bool {
    let mut stop = stop.clone();
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => true,
        () = retry.clock.sleep_until(retry.clock.now() + pause) => false,
    }
}

/// 250 ms, 500 ms, 1 s … 5 s.
fn pause(failures: u32) -> Duration {
    Duration::from_millis(250).saturating_mul(2_u32.saturating_pow(failures.clamp(1, 8) - 1)).min(PAUSE_MAX)
}
