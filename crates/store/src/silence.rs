//! Silences: for a time, what they are about is not told, and not acted on unless they say so.

use serde_json::json;
use sqlx::{AnyConnection, Row, any::AnyRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Facts, Matcher, Silence, Time, short_id};

use crate::{
    columns::{flag, from_json, json, micros, time},
    fault::Fault,
    ledger,
    refusal::{GivenUp, PeopleError},
    store::SqlStore,
};

/// A silence to add.
#[derive(Debug, Clone, Copy)]
pub struct NewSilence<'a> {
    /// What it is about; at least one matcher.
    pub matchers: &'a [Matcher],
    /// Why.
    pub reason: &'a str,
    /// Who adds it.
    pub by: &'a str,
    /// When it ends by itself.
    pub until: Time,
    /// Whether first steps run all the same.
    pub acts: bool,
}

impl SqlStore {
    /// Adds a silence that begins now.
    pub async fn add_silence(&self, new: NewSilence<'_>, at: Time) -> Result<Silence, StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            let id = short_id(&["silence", &json(&new.matchers)?, new.by, &at.timestamp_micros().to_string()]);
            let silence = Silence {
                id,
                matchers: new.matchers.to_vec(),
                reason: new.reason.to_owned(),
                by: new.by.to_owned(),
                since: at,
                until: new.until,
                acts: new.acts,
            };
            // Asked for twice at once it is the same one.
            if write(&mut tx, &silence).await? {
                ledger::append_one(&mut tx, at, "silence.added", &silence.id, &json!(silence)).await?;
                tx.commit().await?;
            }
            Ok(silence)
        };
        work.await.map_err(|fault: Fault| fault.doing("add a silence"))
    }

    /// Ends a silence, named by its id or a unique beginning of it, before its time.
    pub async fn end_silence(&self, id: &str, by: &str, at: Time) -> Result<Silence, PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let rows = sqlx::query("SELECT * FROM silence WHERE substr(id, 1, length($1)) = $1 AND $1 <> ''").bind(id);
            let found = rows.fetch_all(&mut *tx).await?;
            let [row] = found.as_slice() else {
                let given = id.to_owned();
                let ids: Result<Vec<String>, _> = found.iter().map(|row| row.try_get("id")).collect();
                return Err(match ids?.as_slice() {
                    [] => PeopleError::NoSuch { what: "silence", given },
                    ids => PeopleError::Ambiguous { given, matches: ids.to_vec() },
                }
                .into());
            };
            let silence = silence(row)?;
            if row.try_get::<Option<i64>, _>("ended_at")?.is_some() || silence.until <= at {
                return Err(PeopleError::SilenceOver(silence.id).into());
            }
            let query =
                sqlx::query("UPDATE silence SET ended_at = $1, ended_by = $2 WHERE id = $3").bind(micros(at)).bind(by);
            let ended = query.bind(&silence.id).execute(&mut *tx).await;
            ended?;
            // What waits for its end need not wait any longer.
            let woken = sqlx::query("UPDATE outbox SET not_before = $1 WHERE status = 'waiting' AND silenced = 1");
            let woken = woken.bind(micros(at)).execute(&mut *tx).await;
            woken?;
            ledger::append_one(&mut tx, at, "silence.ended", &silence.id, &json!({ "by": by })).await?;
            tx.commit().await?;
            Ok(silence)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("end a silence"))
    }

    /// The silences in force at `now`, the one that ends first first.
    pub async fn silences(&self, now: Time) -> Result<Vec<Silence>, StoreError> {
        let work = async { in_force(&mut *self.read().await?, now).await };
        work.await.map_err(|fault: Fault| fault.doing("read the silences"))
    }
}

/// Writes it; false where it is there already.
async fn write(db: &mut AnyConnection, silence: &Silence) -> Result<bool, Fault> {
    let written = sqlx::query(
        "INSERT INTO silence (id, matchers, reason, set_by, since, until, acts) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO NOTHING",
    );
    let written = written
        .bind(&silence.id)
        .bind(json(&silence.matchers)?)
        .bind(&silence.reason)
        .bind(&silence.by)
        .bind(micros(silence.since))
        .bind(micros(silence.until))
        .bind(i64::from(silence.acts))
        .execute(db)
        .await?;
    Ok(written.rows_affected() == 1)
}

fn silence(row: &AnyRow) -> Result<Silence, Fault> {
    Ok(Silence {
        id: row.try_get("id")?,
        matchers: from_json(row.try_get("matchers")?)?,
        reason: row.try_get("reason")?,
        by: row.try_get("set_by")?,
        since: time("silence.since", row.try_get("since")?)?,
        until: time("silence.until", row.try_get("until")?)?,
        acts: flag(row, "acts")?,
    })
}

/// The silences in force at `now`; one that cannot be read silences nothing.
pub(crate) async fn in_force(db: &mut AnyConnection, now: Time) -> Result<Vec<Silence>, Fault> {
    let rows = sqlx::query("SELECT * FROM silence WHERE ended_at IS NULL AND until > $1 ORDER BY until, id");
    let rows = rows.bind(micros(now)).fetch_all(db).await?;
    Ok(rows.iter().filter_map(|row| silence(row).ok()).collect())
}

/// The silence in force that is about this and stops acting; `maintenance` are those of the configuration.
pub(crate) async fn that_stops(
    db: &mut AnyConnection,
    facts: &Facts,
    maintenance: &[Silence],
    now: Time,
) -> Result<Option<Silence>, Fault> {
    let stops = |silence: &Silence| !silence.acts && silence.covers(facts, now);
    let all = in_force(db, now).await?.into_iter().chain(maintenance.iter().cloned());
    Ok(all.filter(stops).max_by_key(|silence| silence.until))
}
