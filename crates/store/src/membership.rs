//! Membership: this process as a replica. It renews its lease for as long as it runs, knows who else is at work, and which
//! monitors are its own to begin: each monitor has one replica that is nearest to it, so that its caches stay warm.

use std::time::Duration;

use tokio::time::Instant;
use watchkeeper_engine::ports::{clock::Clock, store::StoreError};
use watchkeeper_model::{Name, digest_of};

use crate::{database::Dialect, fault::Fault, me::Me, store::SqlStore};

/// How often a lease is renewed while it lasts: several may fail before it is over.
const RENEWALS: u32 = 5;

impl SqlStore {
    /// Joins the replicas that share the store; does nothing where there is one daemon at most. `name` is what people
    /// read: the machine and the address it listens on; `lease` is how long it keeps what it has when it is not heard of.
    pub async fn join(&self, name: &str, lease: Duration, clock: &dyn Clock) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let now = clock.now();
        let id = digest_of(&["replica", name, &std::process::id().to_string(), &now.timestamp_micros().to_string()]);
        let begun = Instant::now();
        let me = Me::new(&id[..16], name, lease);
        let alive = self.asked("join the replicas", self.renew(&me, now)).await?;
        me.stand(begun, alive);
        // Whoever joins twice goes on as what it was.
        let _ = self.replica.set(me);
        Ok(())
    }

    /// Renews the lease for as long as it is polled. A server that is away is asked again.
    pub async fn keep_lease(&self, clock: &dyn Clock) {
        let Some(me) = self.replica.get() else { return std::future::pending().await };
        let mut beat = tokio::time::interval(me.lease / RENEWALS);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let begun = Instant::now();
            match tokio::time::timeout(me.lease, self.renew(me, clock.now())).await {
                Ok(Ok(alive)) => me.stand(begun, alive),
                Ok(Err(fault)) => warn(&fault),
                Err(_) => tracing::warn!("the store did not answer: this replica's lease is not renewed"),
            }
        }
    }

    /// Gives everything back that this replica has: others take it at once.
    pub async fn leave(&self) -> Result<(), StoreError> {
        let Some(me) = self.replica.get() else { return Ok(()) };
        self.asked("give the lease back", self.end_lease(me)).await
    }

    /// Whether a monitor is this replica's to begin: the nearest of those that are at work.
    pub(crate) fn is_nearest(&self, monitor: &Name) -> bool {
        let Some(me) = self.replica.get() else { return true };
        let alive = me.standing().alive;
        nearest(&alive, monitor).is_none_or(|nearest| *nearest == me.id)
    }

    /// Whether this replica's lease lasts for certain: what it began is still its own.
    pub(crate) fn lease_lasts(&self) -> bool {
        self.replica.get().is_none_or(|me| Instant::now() < me.standing().until)
    }
}

fn warn(fault: &Fault) {
    tracing::warn!(error = fault as &dyn std::error::Error, "this replica's lease is not renewed");
}

/// The replica with the highest score for this monitor: when one comes or goes, only its own share changes hands.
fn nearest<'a>(alive: &'a [String], monitor: &Name) -> Option<&'a String> {
    alive.iter().max_by_key(|id| digest_of(&[id, monitor.as_str()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monitors_are_spread_and_few_of_them_change_hands() {
        let replicas = |count: usize| (0..count).map(|number| format!("{number:016x}")).collect::<Vec<_>>();
        let monitors: Vec<Name> = (0..1000).map(|number| Name::parse(&format!("m-{number}")).unwrap()).collect();
        let (three, four) = (replicas(3), replicas(4));
        for id in &three {
            let own = monitors.iter().filter(|monitor| nearest(&three, monitor) == Some(id)).count();
            assert!((250..=420).contains(&own), "{id} has {own} of 1000");
        }
        for monitor in &monitors {
            let (before, after) = (nearest(&three, monitor), nearest(&four, monitor));
            assert!(before == after || after == four.last(), "{monitor} went from one that stayed to another");
        }
        assert_eq!(nearest(&[], &monitors[0]), None);
    }
}
