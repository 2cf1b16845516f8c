//! The simulated clock: it stands still until it is moved.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use watchkeeper_model::Time;

use crate::ports::clock::Clock;

/// A clock for simulations and tests. Waiting moves it.
pub struct SimulatedClock(Mutex<Time>);

impl SimulatedClock {
    /// A clock that shows `time`.
    pub fn at(time: Time) -> Self {
        Self(Mutex::new(time))
    }

    /// Moves it forward to `time`; it never goes back.
    pub fn advance_to(&self, time: Time) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = (*now).max(time);
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Time {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep_until(&self, time: Time) {
        self.advance_to(time);
    }
}
