//! What a monitor measured before a tick: as the store has it, or as a row of evaluations that nobody recorded.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use watchkeeper_model::{Name, Series, Time};

use crate::{
    evaluation::Evaluation,
    ports::{
        history::{History, Point},
        store::Store,
    },
};

/// Ticks read at once.
const PAGE: u32 = 500;

/// What the store has of the ticks before one.
pub(crate) struct Recorded {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) monitor: Name,
    pub(crate) before: Time,
}

#[async_trait]
impl History for Recorded {
    async fn points(&self, series: &Series, most: usize) -> Result<Vec<Point>, String> {
        let (mut found, mut before) = (Vec::new(), self.before);
        while found.len() < most {
            let page = self.store.past_ticks(&self.monitor, before, PAGE).await.map_err(|error| error.to_string())?;
            let Some(oldest) = page.first() else { break };
            before = oldest.at;
            found.extend(page.iter().rev().filter_map(|tick| {
                let past = tick.series.iter().find(|past| past.series == *series)?;
                Some(Point { at: tick.at, value: past.value.filter(|value| value.is_finite())? })
            }));
        }
        found.truncate(most);
        Ok(found)
    }
}

/// Evaluations of one monitor that were not recorded, in the order of their ticks.
#[derive(Debug, Default)]
pub struct Rehearsed(Mutex<Vec<Evaluation>>);

impl Rehearsed {
    /// Adds the next tick's.
    pub fn add(&self, evaluation: Evaluation) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(evaluation);
    }
}

#[async_trait]
impl History for Rehearsed {
    async fn points(&self, series: &Series, most: usize) -> Result<Vec<Point>, String> {
        let evaluations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let points = evaluations.iter().rev().filter_map(|evaluation| {
            let point = evaluation.point(series);
            Some(Point { at: point.at, value: point.value? })
        });
        Ok(points.take(most).collect())
    }
}
