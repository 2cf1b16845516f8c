//! Many ticks claimed at once.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe};
use watchkeeper_engine::ports::store::Claim;

use crate::{columns::micros, database::Dialect, fault::Fault, waiting::Tick};

/// Takes the ticks that lie after their monitors' marks, at most one a monitor, for this owner.
pub(super) async fn write(
    db: &mut AnyConnection,
    owner: Option<&str>,
    ticks: &[&Tick],
) -> Result<Vec<Option<Claim>>, Fault> {
    if ticks.is_empty() {
        return Ok(Vec::new());
    }
    let rows = ticks.iter().map(|tick| json!([tick.monitor, micros(tick.scheduled_at), micros(tick.now)]));
    let rows = serde_json::Value::from_iter(rows).to_string();
    let taken: Vec<String> = match Dialect::of(db) {
        // Two statements in one: each is a way to the database's thread and back.
        Dialect::Sqlite => {
            let both = AssertSqlSafe(format!("{CLAIM};\n{MARK}"));
            sqlx::query_scalar(both).bind(&rows).bind(owner).fetch_all(db).await?
        }
        Dialect::Postgres => {
            let taken = sqlx::query_scalar(CLAIM).bind(&rows).bind(owner).fetch_all(&mut *db).await?;
            sqlx::query(MARK).bind(&rows).execute(db).await?;
            taken
        }
    };
    let taken: BTreeSet<&str> = taken.iter().map(String::as_str).collect();
    let claim = |tick: &&Tick| {
        let Tick { monitor, scheduled_at, .. } = *tick;
        let is_taken = taken.contains(monitor.as_str());
        is_taken.then(|| Claim { monitor: monitor.clone(), scheduled_at: *scheduled_at, epoch: 1 })
    };
    Ok(ticks.iter().map(claim).collect())
}

/// Of two replicas that claim the same tick one gets it.
const CLAIM: &str = "INSERT INTO occurrence (monitor, scheduled_at, status, epoch, held_by, claimed_at)
     SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), 'claimed', 1, $2, CAST(value ->> 2 AS BIGINT)
     FROM json_each($1) AS wanted
     WHERE NOT EXISTS (SELECT 1 FROM high_water WHERE monitor = wanted.value ->> 0
                       AND scheduled_at >= CAST(wanted.value ->> 1 AS BIGINT))
     ON CONFLICT (monitor, scheduled_at) DO NOTHING RETURNING monitor";
/// A tick that another replica has claimed writes nothing here, nor there.
const MARK: &str = "INSERT INTO high_water (monitor, scheduled_at)
     SELECT value ->> 0, CAST(value ->> 1 AS BIGINT) FROM json_each($1) AS wanted
     WHERE NOT EXISTS (SELECT 1 FROM high_water WHERE monitor = wanted.value ->> 0
                       AND scheduled_at >= CAST(wanted.value ->> 1 AS BIGINT))
     ON CONFLICT (monitor) DO UPDATE SET scheduled_at = excluded.scheduled_at
         WHERE high_water.scheduled_at < excluded.scheduled_at";
