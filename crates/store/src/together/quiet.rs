//! Many quiet checks recorded at once.

use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe};
use watchkeeper_engine::ports::store::Recorded;

use crate::{
    columns::{json as text, micros},
    database::{Dialect, hold_monitors},
    fault::Fault,
    waiting::Quiet,
};

/// Finishes the occurrences for their present owners only, where nothing was recorded since it was decided.
pub(super) async fn write(db: &mut AnyConnection, quiets: &[&Quiet]) -> Result<Vec<Result<Recorded, Fault>>, Fault> {
    if quiets.is_empty() {
        return Ok(Vec::new());
    }
    let answers = standing(&mut *db, quiets).await?;
    let (mut ticks, mut states) = (Vec::new(), Vec::new());
    for (Quiet { claim, verdict, evaluation, states: new, at, .. }, answer) in quiets.iter().zip(&answers) {
        if !matches!(answer, Answer::Write) {
            continue;
        }
        let (monitor, scheduled_at) = (&claim.monitor, micros(claim.scheduled_at));
        ticks.push(json!([monitor, scheduled_at, claim.epoch, verdict.as_str(), evaluation, micros(*at)]));
        for (labels, state) in new {
            states.push(json!([monitor, text(labels)?, text(state)?]));
        }
    }
    if !ticks.is_empty() {
        let (ticks, states) = (text(&ticks)?, text(&states)?);
        match Dialect::of(db) {
            // Three statements in one: each is a way to the database's thread and back.
            Dialect::Sqlite => {
                let all = AssertSqlSafe(format!("{FINISH};\n{NEWEST};\n{REMEMBER}"));
                sqlx::query(all).bind(ticks).bind(states).execute(db).await?;
            }
            Dialect::Postgres => {
                sqlx::query(FINISH).bind(&ticks).execute(&mut *db).await?;
                sqlx::query(NEWEST).bind(&ticks).execute(&mut *db).await?;
                sqlx::query(REMEMBER).bind(&ticks).bind(states).execute(db).await?;
            }
        }
    }
    Ok(answers.into_iter().map(Answer::recorded).collect())
}

const FINISH: &str = "UPDATE occurrence SET status = 'finished', verdict = wanted.value ->> 3,
         evaluation = wanted.value ->> 4, finished_at = CAST(wanted.value ->> 5 AS BIGINT)
     FROM json_each($1) AS wanted
     WHERE monitor = wanted.value ->> 0 AND scheduled_at = CAST(wanted.value ->> 1 AS BIGINT)
         AND epoch = CAST(wanted.value ->> 2 AS BIGINT)";
const NEWEST: &str = "INSERT INTO newest_tick (monitor, scheduled_at)
     SELECT value ->> 0, CAST(value ->> 1 AS BIGINT) FROM json_each($1) WHERE TRUE
     ON CONFLICT (monitor) DO UPDATE SET scheduled_at = excluded.scheduled_at
         WHERE newest_tick.scheduled_at < excluded.scheduled_at";
const REMEMBER: &str = "INSERT INTO group_state (monitor, labels, state)
     SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($2) WHERE TRUE
     ON CONFLICT (monitor, labels) DO UPDATE SET state = excluded.state";

/// What becomes of a check.
enum Answer {
    Write,
    /// This very claim has finished its tick already: the answer to its commit was lost.
    Whole,
    Moved,
    Fenced,
}

impl Answer {
    fn recorded(self) -> Result<Recorded, Fault> {
        match self {
            Self::Write | Self::Whole => Ok(Recorded::Whole),
            Self::Moved => Ok(Recorded::Moved),
            Self::Fenced => Err(Fault::Fenced),
        }
    }
}

async fn standing(db: &mut AnyConnection, quiets: &[&Quiet]) -> Result<Vec<Answer>, Fault> {
    let rows = quiets.iter().map(|Quiet { claim, .. }| json!([claim.monitor, micros(claim.scheduled_at), claim.epoch]));
    let rows = serde_json::Value::from_iter(rows).to_string();
    hold_monitors(db, &rows).await?;
    let found: Vec<(Option<String>, Option<i64>)> = sqlx::query_as(
        "SELECT occurrence.status, newest_tick.scheduled_at FROM json_each($1) AS wanted
         LEFT JOIN occurrence ON occurrence.monitor = wanted.value ->> 0
             AND occurrence.scheduled_at = CAST(wanted.value ->> 1 AS BIGINT)
             AND occurrence.epoch = CAST(wanted.value ->> 2 AS BIGINT)
         LEFT JOIN newest_tick ON newest_tick.monitor = wanted.value ->> 0
         ORDER BY wanted.key",
    )
    .bind(rows)
    .fetch_all(db)
    .await?;
    let answer =
        |(Quiet { newest: decided_on, .. }, (status, newest)): (&&Quiet, (Option<String>, Option<i64>))| match status
            .as_deref()
        {
            Some("finished") => Answer::Whole,
            _ if newest != decided_on.map(micros) => Answer::Moved,
            Some(_) => Answer::Write,
            None => Answer::Fenced,
        };
    Ok(quiets.iter().zip(found).map(answer).collect())
}
