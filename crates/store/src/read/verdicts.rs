//! The newest verdicts, and the evaluations they come from.

use serde::Serialize;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Name, Time, Verdict};

use crate::{
    columns::{from_word, micros, name, time},
    evaluation,
    fault::Fault,
    store::SqlStore,
};

/// A monitor's newest verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastVerdict {
    /// The monitor.
    pub monitor: Name,
    /// The tick.
    pub scheduled_at: Time,
    /// The verdict.
    pub verdict: Verdict,
    /// Why something could not be measured or judged.
    pub reason: Option<String>,
}

/// A tick that was claimed and is not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnderWay {
    /// The monitor.
    #[serde(skip)]
    pub monitor: Name,
    /// The tick.
    pub tick: Time,
    /// When it began.
    pub since: Time,
}

impl SqlStore {
    /// Each monitor's newest finished check, by monitor; drills judge nothing and are left out.
    pub async fn last_verdicts(&self) -> Result<Vec<LastVerdict>, StoreError> {
        let work = async {
            // One seek a monitor, however many ticks it has.
            let rows: Vec<(String, i64, String, Option<String>)> = sqlx::query_as(
                "SELECT tick.monitor, tick.scheduled_at, tick.verdict, json_extract(tick.evaluation, '$.error')
                 FROM newest_tick
                 JOIN occurrence AS tick ON tick.monitor = newest_tick.monitor AND tick.scheduled_at =
                    (SELECT scheduled_at FROM occurrence WHERE monitor = newest_tick.monitor AND status = 'finished'
                        AND verdict IS NOT NULL AND evaluation IS NOT NULL
                     ORDER BY scheduled_at DESC LIMIT 1)
                 ORDER BY tick.monitor",
            )
            .fetch_all(&mut *self.read().await?)
            .await?;
            rows.into_iter().map(last).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read the newest verdicts"))
    }

    /// The ticks that were claimed and are not finished, oldest first.
    pub async fn under_way(&self) -> Result<Vec<UnderWay>, StoreError> {
        let work = async {
            let rows: Vec<(String, i64, i64)> = sqlx::query_as(
                "SELECT monitor, scheduled_at, claimed_at FROM occurrence WHERE status = 'claimed' ORDER BY scheduled_at",
            )
            .fetch_all(&mut *self.read().await?)
            .await?;
            let tick = |(monitor, tick, since): (String, i64, i64)| {
                Ok(UnderWay {
                    monitor: name("occurrence.monitor", &monitor)?,
                    tick: time("occurrence.scheduled_at", tick)?,
                    since: time("occurrence.claimed_at", since)?,
                })
            };
            rows.into_iter().map(tick).collect::<Result<Vec<_>, Fault>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("read what is under way"))
    }

    /// The evaluation of one tick as `check --json` prints it; `None` when it was not finished.
    pub async fn evaluation(&self, monitor: &Name, scheduled_at: Time) -> Result<Option<Value>, StoreError> {
        let work = async {
            let query = format!(
                "SELECT {} FROM occurrence
                 WHERE monitor = $1 AND scheduled_at = $2 AND status = 'finished' AND evaluation IS NOT NULL",
                evaluation::COLUMNS
            );
            let mut tx = self.read().await?;
            let row: Option<evaluation::Row> = sqlx::query_as(AssertSqlSafe(query))
                .bind(monitor.as_str())
                .bind(micros(scheduled_at))
                .fetch_optional(&mut *tx)
                .await?;
            evaluation::unpacked(&mut tx, row.into_iter().collect()).await?.into_iter().next().transpose()
        };
        work.await.map_err(|fault: Fault| fault.doing("read an evaluation"))
    }
}

fn last((monitor, at, verdict, reason): (String, i64, String, Option<String>)) -> Result<LastVerdict, Fault> {
    Ok(LastVerdict {
        monitor: name("occurrence.monitor", &monitor)?,
        scheduled_at: time("occurrence.scheduled_at", at)?,
        verdict: from_word("occurrence.verdict", &verdict)?,
        reason,
    })
}
