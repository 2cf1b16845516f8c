//! Retry: a store that is locked or briefly gone delays work that was begun; it loses none.

use std::{sync::Arc, time::Duration};

use crate::{
    health::Health,
    ports::{clock::Clock, meter::Meter, store::StoreError},
};

/// How often a command asks; the daemon never gives up.
const ASKED_MAX: u32 = 32;
/// The longest pause between two times: what a store that was away held up goes on this soon after its return.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How the store is asked until it answers.
#[derive(Clone)]
pub(crate) struct Retry {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) health: Arc<Health>,
    pub(crate) meter: Arc<dyn Meter>,
    /// Whether it is asked for ever.
    pub(crate) forever: bool,
}

impl Retry {
    /// Asks the store until it answers, or says that another owner has the work.
    pub(crate) async fn until_answered<T, Answering>(&self, mut ask: impl FnMut() -> Answering) -> Result<T, StoreError>
    where
        Answering: Future<Output = Result<T, StoreError>>,
    {
        let mut asked = 1;
        loop {
            match ask().await {
                Err(error @ StoreError::Failed { .. }) if self.forever || asked < ASKED_MAX => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the store is asked again");
                    self.health.store_failed(&error, self.clock.now());
                    self.clock.sleep_until(self.clock.now() + pause(asked)).await;
                    asked = asked.saturating_add(1);
                }
                answered => return answered,
            }
        }
    }
}

/// 250 ms, 500 ms, 1 s … 5 s.
fn pause(asked: u32) -> Duration {
    Duration::from_millis(250).saturating_mul(2_u32.saturating_pow(asked.min(8) - 1)).min(PAUSE_MAX)
}
