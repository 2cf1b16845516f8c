//! Remembered: what monitors' groups were after their last tick, so that the next one need not ask the store.
//!
//! Only what nobody but a tick can change is remembered: of a monitor without an open incident. A tick that somebody else
//! recorded meanwhile is found when the next one is to be recorded, for that is done only on the newest that it was decided
//! on; what is remembered is then read anew.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use watchkeeper_model::Name;

use crate::ports::store::{CheckRecord, Claim, Groups};

#[derive(Default)]
pub(crate) struct Remembered(Mutex<HashMap<Name, Groups>>);

impl Remembered {
    /// What is remembered of a monitor, which it is not any more: only a record that is whole makes it true again.
    pub(super) fn take(&self, monitor: &Name) -> Option<Groups> {
        self.all().remove(monitor)
    }

    /// Remembers what a record that is whole made of the groups that it was decided on.
    pub(super) fn keep(&self, claim: &Claim, groups: Groups, record: CheckRecord) {
        if !record.is_quiet() || !groups.open.is_empty() || !groups.unreadable.is_empty() {
            return;
        }
        let mut groups = Groups { newest: groups.newest.max(Some(claim.scheduled_at)), ..groups };
        groups.states.extend(record.states);
        self.all().insert(claim.monitor.clone(), groups);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Name, Groups>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
