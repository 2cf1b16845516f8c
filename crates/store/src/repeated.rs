//! What rows say over and over, by number.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The numbers that were asked for; one never changes once it is committed.
#[derive(Debug, Default)]
pub(crate) struct Repeated(Mutex<HashMap<String, i64>>);

impl Repeated {
    pub(crate) fn known(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
