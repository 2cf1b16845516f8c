//! Reports that are due: each is written once, whoever writes it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use watchkeeper_model::{Digest, Name, Time};

use super::Watch;
use crate::{compose::digest_messages, ports::store::StoreError};

/// A report that was due while nobody watched is written for so long; after that the next one tells.
const LATE_MAX: TimeDelta = TimeDelta::days(1);

/// What is known of the reports.
pub(super) struct Reports {
    /// Since when this watch looks.
    since: Time,
    /// The newest tick of each digest that is done with.
    done: BTreeMap<Name, Time>,
}

impl Reports {
    pub(super) const fn since(since: Time) -> Self {
        Self { since, done: BTreeMap::new() }
    }
}

impl Watch {
    /// Writes the reports that are due. One that fails is tried again at the next look.
    pub(super) async fn send_reports(&self, reports: &mut Reports) {
        let now = self.retry.clock.now();
        for (name, digest) in &self.workspace.reports {
            let Some(tick) = newest(digest, now).filter(|tick| reports.done.get(name) != Some(tick)) else { continue };
            match self.send_report(name, digest, tick, reports.since).await {
                Ok(is_new) => {
                    if is_new {
                        tracing::info!(digest = %name, %tick, "a report is on its way");
                        self.outbox.ring();
                    }
                    reports.done.insert(name.clone(), tick);
                }
                Err(error) => {
                    tracing::warn!(digest = %name, error = &error as &dyn std::error::Error, "a report cannot be written");
                }
            }
        }
    }

    /// Writes one report, unless it was written before or was due before there was anything to tell: a new installation
    /// does not begin with a report of the time before it.
    async fn send_report(&self, name: &Name, digest: &Digest, tick: Time, since: Time) -> Result<bool, StoreError> {
        if tick < since && self.store.ledger_begins().await?.is_none_or(|begin| tick < begin) {
            return Ok(false);
        }
        let note = format!("digest {name} {}", tick.timestamp());
        let report = self.store.report(&self.workspace, digest.team.as_ref(), tick - digest.window, tick).await?;
        self.store
            .add_digest(&note, &digest_messages(&self.workspace, name, digest, report, self.retry.clock.now()))
            .await
    }
}

/// The newest time at which a digest was due, not too long ago.
fn newest(digest: &Digest, now: Time) -> Option<Time> {
    digest.schedule.ticks(now - LATE_MAX, now).last()
}
