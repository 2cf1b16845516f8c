//! Time.

use async_trait::async_trait;
use watchkeeper_model::Time;

/// The only way to ask for the time or to wait.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Time;
    /// Waits until the wall clock has reached `time`.
    async fn sleep_until(&self, time: Time);
}
