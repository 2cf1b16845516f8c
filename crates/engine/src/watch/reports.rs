//! Reports that are due: each is written once, whoever writes it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use watchkeeper_model::{Digest, Name, Time};

use super::Watch;
use crate::{compose::digest_messages, ports::store::StoreError};

/// A report that was due while nobody watched is written for so long; after that the next one tells.
const LATE_MAX: TimeDelta = TimeDelta::days(1);

/// The newest tick of each digest that is done with.
#[derive(Default)]
pub(super) struct Reports(BTreeMap<Name, Time>);

impl Watch {
    /// Writes the reports that are due. One that fails is tried again at the next look.
    pub(super) async fn send_reports(&self, done: &mut Reports) {
        let now = self.retry.clock.now();
        for (name, digest) in &self.workspace.reports {
            let Some(tick) = newest(digest, now).filter(|tick| done.0.get(name) != Some(tick)) else { continue };
            match self.send_report(name, digest, tick, now).await {
                Ok(is_new) => {
                    if is_new {
                        tracing::info!(digest = %name, %tick, "a report is on its way");
                        self.outbox.ring();
                    }
                    done.0.insert(name.clone(), tick);
                }
                Err(error) => {
                    tracing::warn!(digest = %name, error = &error as &dyn std::error::Error, "a report cannot be written");
                }
            }
        }
    }

    async fn send_report(&self, name: &Name, digest: &Digest, tick: Time, now: Time) -> Result<bool, StoreError> {
        let note = format!("digest {name} {}", tick.timestamp());
        let report = self.store.report(&self.workspace, digest.team.as_ref(), tick - digest.window, tick).await?;
        self.store.add_digest(&note, &digest_messages(&self.workspace, name, digest, report, now)).await
    }
}

/// The newest time at which a digest was due, not too long ago.
fn newest(digest: &Digest, now: Time) -> Option<Time> {
    digest.schedule.ticks(now - LATE_MAX, now).last()
}
