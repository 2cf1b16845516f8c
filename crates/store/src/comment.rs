//! Comments: what people, or Watchkeeper itself, say of an incident.

use serde::Serialize;
use serde_json::json;
use sqlx::AnyConnection;
use watchkeeper_model::Time;

use crate::{
    columns::{micros, time},
    fault::Fault,
    ledger,
};

/// Who says what Watchkeeper notes by itself.
pub(crate) const WATCHKEEPER: &str = "watchkeeper";

/// What somebody said of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// When.
    pub at: Time,
    /// Who.
    pub by: String,
    /// The words.
    pub text: String,
}

pub(crate) async fn write(db: &mut AnyConnection, incident: &str, by: &str, text: &str, at: Time) -> Result<(), Fault> {
    sqlx::query("INSERT INTO comment (incident, at, by, text) VALUES ($1, $2, $3, $4)")
        .bind(incident)
        .bind(micros(at))
        .bind(by)
        .bind(text)
        .execute(&mut *db)
        .await?;
    ledger::append_one(db, at, "incident.commented", incident, &json!({ "by": by, "text": text })).await
}

/// What was said of an incident, oldest first.
pub(crate) async fn of(db: &mut AnyConnection, incident: &str) -> Result<Vec<Comment>, Fault> {
    let rows: Vec<(i64, String, String)> =
        sqlx::query_as("SELECT at, by, text FROM comment WHERE incident = $1 ORDER BY id")
            .bind(incident)
            .fetch_all(db)
            .await?;
    let comment = |(at, by, text)| Ok(Comment { at: time("comment.at", at)?, by, text });
    rows.into_iter().map(comment).collect()
}
