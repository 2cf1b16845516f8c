//! Insist: a store that is locked or briefly gone delays work that was begun; it loses none.

use std::time::Duration;

use crate::{Engine, EngineError, ports::store::StoreError, watch::source_of};

/// How often the store is asked in all: about a quarter of an hour.
const ASKED_MAX: u32 = 32;
/// The longest pause between two times.
const PAUSE_MAX: Duration = Duration::from_secs(30);

impl Engine {
    /// Asks the store until it answers, or says that another owner has the work.
    pub(crate) async fn insist<T, Answering>(&self, mut ask: impl FnMut() -> Answering) -> Result<T, EngineError>
    where
        Answering: Future<Output = Result<T, StoreError>>,
    {
        let mut asked = 1;
        loop {
            match ask().await {
                Err(error @ StoreError::Failed { .. }) if asked < ASKED_MAX => {
                    tracing::warn!(error = source_of(&error.into()), "the store is asked again");
                    self.ports.clock.sleep_until(self.ports.clock.now() + pause(asked)).await;
                    asked += 1;
                }
                answered => return Ok(answered?),
            }
        }
    }
}

/// 1 s, 2 s, 4 s … 30 s.
fn pause(asked: u32) -> Duration {
    Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(asked.min(8) - 1)).min(PAUSE_MAX)
}
