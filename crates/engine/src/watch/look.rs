//! Looks for what nobody would find otherwise: a store that is away, parts in trouble, rows that cannot be read, ticks that
//! nobody has in hand.

use std::{sync::Arc, time::Duration};

use super::{Watch, alarm::Alarm, reports::Reports};
use crate::{
    error::EngineError,
    in_hand::Piece,
    ports::store::StoreError,
    supervise::{Stop, stopped_within},
};

/// The part's name in health.
pub(super) const PART: &str = "store watch";
/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);

impl Watch {
    /// Looks until asked to stop.
    pub(super) async fn look_after_the_store(self: Arc<Self>, stop: Stop) -> Result<(), EngineError> {
        let mut alarm = Alarm::default();
        let mut reports = Reports::since(self.retry.clock.now());
        while !stopped_within(&self.retry, LOOK_EVERY, &stop).await {
            self.look_once(&mut alarm).await;
            self.send_reports(&mut reports).await;
        }
        Ok(())
    }

    /// Rings for ticks that are in nobody's hand; those of monitors that the configuration has no more are passed over.
    async fn look_for_stranded_ticks(&self) -> Result<(), StoreError> {
        for (id, ticks) in self.store.unfinished_ticks(None).await? {
            for tick in ticks {
                let piece = Piece::Tick(id.clone(), tick);
                if self.workspace.monitors.contains_key(&id) {
                    if !self.in_hand.has(&piece) {
                        self.stranded.ring(&id);
                    }
                } else if let Some(_held) = self.in_hand.take(piece) {
                    let now = self.retry.clock.now();
                    if let Some(claim) = self.store.take_tick(&id, tick, now).await? {
                        self.store.pass_over(&claim, now).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Looks for what nobody would find otherwise: a store that is away, rows that cannot be read, parts in trouble,
    /// stranded ticks.
    async fn look_once(&self, alarm: &mut Alarm) {
        let now = self.retry.clock.now();
        let troubles = self.retry.health.troubles();
        match self.store.note_troubles(&troubles).await {
            Ok(()) => self.retry.health.store_answered(),
            Err(error) => self.retry.health.store_failed(&error, now),
        }
        match self.store.unreadable().await {
            Ok(rows) => alarm.log_unreadable(rows),
            Err(error) => self.retry.health.store_failed(&error, now),
        }
        if let Err(error) = self.look_for_stranded_ticks().await {
            self.retry.health.store_failed(&error, now);
        }
        alarm.sound(&self.workspace, &*self.outbox.notifier, self.retry.health.store_away_since(), now).await;
    }
}
