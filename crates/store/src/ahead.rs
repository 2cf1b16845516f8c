//! What a clock that was ahead has left behind: ticks and messages with times to come. People say when it is right again.

use serde_json::json;
use watchkeeper_model::{Name, Time};

use crate::{
    columns::{micros, name},
    fault::Fault,
    ledger,
    refusal::{GivenUp, PeopleError},
    store::SqlStore,
};

/// What waits for a time to come waits for an hour at most after that, in microseconds.
const WAIT_MAX: i64 = 3_600_000_000;

impl SqlStore {
    /// Forgets the ticks that are recorded with a time after `now`, so that their monitors fire again, and lets messages
    /// wait no longer than an hour; gives the monitors. The ledger keeps what was done at those ticks.
    pub async fn forget_times_to_come(&self, by: &str, now: Time) -> Result<Vec<Name>, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let blind = sqlx::query_scalar::<_, String>(
                "SELECT monitor FROM high_water WHERE scheduled_at > $1
                 UNION SELECT monitor FROM newest_tick WHERE scheduled_at > $1 ORDER BY monitor",
            );
            let blind = blind.bind(micros(now)).fetch_all(&mut *tx).await?;
            for statement in [
                "DELETE FROM occurrence WHERE scheduled_at > $1",
                "UPDATE high_water SET scheduled_at = COALESCE((SELECT MAX(scheduled_at) FROM occurrence
                     WHERE occurrence.monitor = high_water.monitor), $1) WHERE scheduled_at > $1",
                "UPDATE newest_tick SET scheduled_at = COALESCE((SELECT MAX(scheduled_at) FROM occurrence
                     WHERE occurrence.monitor = newest_tick.monitor AND status = 'finished'), $1)
                 WHERE scheduled_at > $1",
            ] {
                let done = sqlx::query(statement).bind(micros(now)).execute(&mut *tx).await;
                done?;
            }
            let waiting =
                "UPDATE outbox SET not_before = $1 WHERE status = 'waiting' AND silenced = 0 AND not_before > $1";
            let woken = sqlx::query(waiting).bind(micros(now) + WAIT_MAX).execute(&mut *tx).await;
            woken?;
            let blind: Result<Vec<Name>, Fault> = blind.iter().map(|text| name("high_water.monitor", text)).collect();
            let blind = blind?;
            let body = json!({ "by": by, "monitors": blind });
            ledger::append_one(&mut tx, now, "clock.reset", "watchkeeper", &body).await?;
            tx.commit().await?;
            Ok(blind)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("forget times to come"))
    }
}
