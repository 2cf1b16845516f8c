//! Many ticks claimed at once.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::SqliteConnection;
use watchkeeper_engine::ports::store::Claim;

use crate::{columns::micros, fault::Fault, waiting::Tick};

/// Takes the ticks that lie after their monitors' marks, at most one a monitor.
pub(super) async fn write(db: &mut SqliteConnection, ticks: &[&Tick]) -> Result<Vec<Option<Claim>>, Fault> {
    if ticks.is_empty() {
        return Ok(Vec::new());
    }
    let rows = ticks.iter().map(|tick| json!([tick.monitor, micros(tick.scheduled_at), micros(tick.now)]));
    let rows = serde_json::Value::from_iter(rows).to_string();
    let taken: Vec<String> = sqlx::query_scalar(CLAIM).bind(&rows).fetch_all(db).await?;
    let taken: BTreeSet<&str> = taken.iter().map(String::as_str).collect();
    let claim = |tick: &&Tick| {
        let Tick { monitor, scheduled_at, .. } = *tick;
        let is_taken = taken.contains(monitor.as_str());
        is_taken.then(|| Claim { monitor: monitor.clone(), scheduled_at: *scheduled_at, epoch: 1 })
    };
    Ok(ticks.iter().map(claim).collect())
}

/// Two statements in one: each is a way to the database's thread and back.
const CLAIM: &str = "INSERT INTO occurrence (monitor, scheduled_at, status, epoch, claimed_at)
     SELECT value ->> 0, value ->> 1, 'claimed', 1, value ->> 2 FROM json_each(?1) AS wanted
     WHERE NOT EXISTS (SELECT 1 FROM high_water WHERE monitor = wanted.value ->> 0
                       AND scheduled_at >= wanted.value ->> 1)
     RETURNING monitor;
     INSERT INTO high_water (monitor, scheduled_at) SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE TRUE
     ON CONFLICT (monitor) DO UPDATE SET scheduled_at = MAX(scheduled_at, excluded.scheduled_at)";
