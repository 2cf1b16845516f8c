//! The watch: who has it, team by team, as the ledger says.

use serde_json::{Value, json};
use sqlx::AnyConnection;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Name, Time};

use crate::{columns::from_json, fault::Fault, ledger, store::SqlStore};

/// The kind of its ledger rows.
const KIND: &str = "watch.taken";
/// The subject of the watch of all teams; it is no team's name.
const ALL: &str = "*";

/// A watch that somebody has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenWatch {
    /// Who had it before.
    pub from: Option<String>,
    /// How many incidents were open then.
    pub open: u32,
}

/// Who has the watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnWatch {
    /// Who.
    pub by: String,
    /// Since when.
    pub since: Time,
}

impl SqlStore {
    /// Notes that somebody has the watch of a team, or of all, from now on.
    pub async fn take_watch(&self, team: Option<&Name>, by: &str, at: Time) -> Result<TakenWatch, StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            let from = newest(&mut tx, team).await?.map(|before| before.by);
            let open = "SELECT COUNT(*) FROM incident WHERE state <> 'resolved' AND ($1 IS NULL OR owner = $1)";
            let open: i64 = sqlx::query_scalar(open).bind(team.map(Name::as_str)).fetch_one(&mut *tx).await?;
            let open = u32::try_from(open).unwrap_or(u32::MAX);
            let body = json!({ "by": by, "from": from, "open": open });
            ledger::append_one(&mut tx, at, KIND, team.map_or(ALL, Name::as_str), &body).await?;
            tx.commit().await?;
            Ok(TakenWatch { from, open })
        };
        work.await.map_err(|fault: Fault| fault.doing("take the watch"))
    }

    /// Who has the watch of a team, or of all.
    pub async fn on_watch(&self, team: Option<&Name>) -> Result<Option<OnWatch>, StoreError> {
        let work = async { newest(&mut *self.read().await?, team).await };
        work.await.map_err(|fault: Fault| fault.doing("look for who has the watch"))
    }
}

async fn newest(db: &mut AnyConnection, team: Option<&Name>) -> Result<Option<OnWatch>, Fault> {
    let row = sqlx::query("SELECT * FROM ledger WHERE subject = $1 AND kind = $2 ORDER BY seq DESC LIMIT 1");
    let row = row.bind(team.map_or(ALL, Name::as_str)).bind(KIND).fetch_optional(db).await?;
    let Some(entry) = row.as_ref().map(ledger::entry).transpose()? else { return Ok(None) };
    let body: Value = from_json(&entry.body)?;
    Ok(body["by"].as_str().map(|by| OnWatch { by: by.to_owned(), since: entry.at }))
}
