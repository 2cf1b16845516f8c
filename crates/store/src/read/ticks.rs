//! A monitor's ticks over a time: for charts as few as they can show, for lists the newest.

use serde_json::Value;
use sqlx::AssertSqlSafe;
use watchkeeper_engine::ports::store::{PastTick, StoreError};
use watchkeeper_model::{Name, Time};

use crate::{
    columns::{micros, time_if},
    evaluation,
    fault::Fault,
    store::SqlStore,
};

/// The ticks of a monitor in a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticks {
    /// How many were recorded.
    pub recorded: u64,
    /// These of them, oldest first: all, or the first of each of so many equal parts of the time.
    pub shown: Vec<PastTick>,
}

impl SqlStore {
    /// The recorded ticks of a monitor from `from` to `to`, both included; at most `max` of them are read.
    pub async fn ticks(&self, monitor: &Name, from: Time, to: Time, max: u32) -> Result<Ticks, StoreError> {
        let work = async {
            let (from, to) = (micros(from), micros(to));
            let mut tx = self.read().await?;
            let recorded: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM occurrence WHERE monitor = $1 AND scheduled_at BETWEEN $2 AND $3",
            )
            .bind(monitor.as_str())
            .bind(from)
            .bind(to)
            .fetch_one(&mut *tx)
            .await?;
            let part = if recorded <= i64::from(max) { 1 } else { (to - from) / i64::from(max.max(1)) + 1 };
            let chosen = if part == 1 {
                "scheduled_at BETWEEN $2 AND $3"
            } else {
                "$2 <= $3 AND scheduled_at IN (
                    WITH RECURSIVE part(at) AS (SELECT $2 UNION ALL SELECT at + $4 FROM part WHERE at + $4 <= $3)
                    SELECT (SELECT tick.scheduled_at FROM occurrence AS tick
                            WHERE tick.monitor = $1 AND tick.scheduled_at >= part.at
                                AND tick.scheduled_at < part.at + $4 AND tick.scheduled_at <= $3
                                AND tick.status = 'finished' AND tick.evaluation IS NOT NULL
                            ORDER BY tick.scheduled_at LIMIT 1) FROM part)"
            };
            let query = format!(
                "SELECT {} FROM occurrence WHERE monitor = $1 AND $4 > 0 AND {chosen} AND status = 'finished'
                 AND evaluation IS NOT NULL ORDER BY scheduled_at",
                evaluation::COLUMNS
            );
            let rows: Vec<evaluation::Row> = sqlx::query_as(AssertSqlSafe(query))
                .bind(monitor.as_str())
                .bind(from)
                .bind(to)
                .bind(part)
                .fetch_all(&mut *tx)
                .await?;
            let ticks = evaluation::unpacked(&mut tx, rows).await?.into_iter();
            let shown = ticks.filter_map(|tick| serde_json::from_value(tick.ok()?).ok());
            Ok(Ticks { recorded: recorded.unsigned_abs(), shown: shown.collect() })
        };
        work.await.map_err(|fault: Fault| fault.doing("read a monitor's ticks"))
    }

    /// The newest tick that was recorded, of any monitor.
    pub async fn newest_tick(&self) -> Result<Option<Time>, StoreError> {
        let work = async {
            let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(scheduled_at) FROM newest_tick")
                .fetch_one(&mut *self.read().await?)
                .await?;
            time_if("newest_tick.scheduled_at", newest)
        };
        work.await.map_err(|fault: Fault| fault.doing("look for the newest tick"))
    }

    /// The newest evaluations of a monitor that are older than `before`, newest first, as `check --json` prints them.
    pub async fn runs(&self, monitor: &Name, before: Option<Time>, limit: u32) -> Result<Vec<Value>, StoreError> {
        let work = async {
            let query = format!(
                "SELECT {} FROM occurrence WHERE monitor = $1 AND scheduled_at < $2 AND status = 'finished'
                 AND evaluation IS NOT NULL
                 ORDER BY scheduled_at DESC LIMIT $3",
                evaluation::COLUMNS
            );
            let mut tx = self.read().await?;
            let rows: Vec<evaluation::Row> = sqlx::query_as(AssertSqlSafe(query))
                .bind(monitor.as_str())
                .bind(before.map_or(i64::MAX, micros))
                .bind(i64::from(limit))
                .fetch_all(&mut *tx)
                .await?;
            evaluation::unpacked(&mut tx, rows).await?.into_iter().collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read a monitor's runs"))
    }
}
