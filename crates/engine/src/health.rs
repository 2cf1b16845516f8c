//! Health: which parts of the daemon turn, and what is the matter with those that do not.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use watchkeeper_model::Time;

use crate::ports::store::{StoreError, Trouble};

/// The part that stands for the store.
const STORE: &str = "store";
/// A loop that has not turned for so long has stalled.
const STALLED_AFTER: TimeDelta = TimeDelta::seconds(30);

/// The state of every part, in memory: a store that is away can be told of.
#[derive(Debug, Default)]
pub struct Health(Mutex<Parts>);

#[derive(Debug, Default)]
struct Parts {
    troubles: BTreeMap<String, Trouble>,
    beats: BTreeMap<&'static str, Time>,
}

impl Health {
    /// What is the matter now, by part.
    pub fn troubles(&self) -> Vec<Trouble> {
        self.parts().troubles.values().cloned().collect()
    }

    /// The loops that have not turned for half a minute.
    pub fn stalled(&self, now: Time) -> Vec<&'static str> {
        let parts = self.parts();
        parts.beats.iter().filter(|(_, beat)| **beat + STALLED_AFTER < now).map(|(part, _)| *part).collect()
    }

    /// Since when the store has not answered.
    pub(crate) fn store_away_since(&self) -> Option<Time> {
        self.parts().troubles.get(STORE).map(|trouble| trouble.since)
    }

    /// A loop turns, whatever becomes of its work.
    pub(crate) fn beat(&self, part: &'static str, now: Time) {
        self.parts().beats.insert(part, now);
    }

    /// A loop ended as it should.
    pub(crate) fn ended(&self, part: &str) {
        let mut parts = self.parts();
        parts.beats.remove(part);
        parts.troubles.remove(part);
    }

    pub(crate) fn failed(&self, part: &str, message: String, now: Time) {
        let mut parts = self.parts();
        let trouble = parts.troubles.entry(part.to_owned()).or_insert_with(|| Trouble {
            part: part.to_owned(),
            since: now,
            failures: 0,
            message: String::new(),
        });
        trouble.failures = trouble.failures.saturating_add(1);
        trouble.message = message;
    }

    pub(crate) fn well(&self, part: &str) {
        self.parts().troubles.remove(part);
    }

    /// The store did not answer; a row that it does not take is no outage.
    pub(crate) fn store_failed(&self, error: &StoreError, now: Time) {
        if matches!(error, StoreError::Failed { .. }) {
            self.failed(STORE, with_causes(error), now);
        }
    }

    pub(crate) fn store_answered(&self) {
        self.well(STORE);
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error and its causes on one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| {
        let cause = cause.to_string();
        if line.contains(&cause) { line } else { format!("{line}: {cause}") }
    })
}
