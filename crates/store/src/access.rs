//! Access: tokens and browser sessions. Of what proves them only a hash is kept.

use serde::Serialize;
use serde_json::json;
use sqlx::{Row, any::AnyRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Role, Time};

use crate::{
    columns::{self, from_json, from_word, micros, time, time_if},
    fault::Fault,
    ledger,
    refusal::{GivenUp, PeopleError},
    store::SqlStore,
};

/// A token is noted as used once in so many seconds, at most: its requests would all write otherwise.
const NOTED_EVERY_MICROS: i64 = 60_000_000;

/// A token, without what proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// What the record calls whoever uses it.
    pub name: String,
    /// What it may.
    pub role: Role,
    /// When it was made.
    pub since: Time,
    /// By whom.
    pub by: String,
    /// When it ends by itself.
    pub until: Option<Time>,
    /// When it was used last, to a minute.
    pub used_at: Option<Time>,
}

/// Somebody who is signed on in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What people call them: a verified mailbox, or a token's name.
    pub name: String,
    /// What their provider calls them.
    pub subject: Option<String>,
    /// The groups that the provider says they are in.
    pub groups: Vec<String>,
    /// The token that they signed on with.
    pub token: Option<String>,
    /// When they signed on.
    pub since: Time,
    /// When the session ends.
    pub until: Time,
}

impl SqlStore {
    /// Makes a token, of which `hash` is kept.
    pub async fn add_token(&self, token: &Token, hash: &str) -> Result<(), PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let added = sqlx::query(
                "INSERT INTO token (name, hash, role, since, set_by, until) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (name) DO NOTHING",
            );
            let added = added.bind(&token.name).bind(hash).bind(token.role.as_str()).bind(micros(token.since));
            let added = added.bind(&token.by).bind(token.until.map(micros)).execute(&mut *tx).await?;
            if added.rows_affected() == 0 {
                return Err(PeopleError::TokenThere(token.name.clone()).into());
            }
            let body = json!({ "by": token.by, "role": token.role, "until": token.until });
            ledger::append_one(&mut tx, token.since, "token.added", &token.name, &body).await?;
            Ok(tx.commit().await?)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("add a token"))
    }

    /// Ends a token, and every session that was begun with it.
    pub async fn revoke_token(&self, name: &str, by: &str, at: Time) -> Result<(), PeopleError> {
        let work = async {
            let mut tx = self.write().await?;
            let gone = sqlx::query("DELETE FROM token WHERE name = $1").bind(name).execute(&mut *tx).await?;
            if gone.rows_affected() == 0 {
                return Err(PeopleError::NoSuch { what: "token", given: name.to_owned() }.into());
            }
            ledger::append_one(&mut tx, at, "token.revoked", name, &json!({ "by": by })).await?;
            Ok(tx.commit().await?)
        };
        work.await.map_err(|given_up: GivenUp| given_up.doing("revoke a token"))
    }

    /// Every token, by name.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let work = async {
            let rows = sqlx::query("SELECT * FROM token ORDER BY name").fetch_all(&mut *self.read().await?).await?;
            rows.iter().map(token).collect::<Result<Vec<_>, _>>()
        };
        work.await.map_err(|fault: Fault| fault.doing("list the tokens"))
    }

    /// The token with this hash, if it has not ended. That it is used is noted where the store can be written.
    pub async fn token(&self, hash: &str, now: Time) -> Result<Option<Token>, StoreError> {
        let work = async {
            let query = sqlx::query("SELECT * FROM token WHERE hash = $1 AND (until IS NULL OR until > $2)");
            let row = query.bind(hash).bind(micros(now)).fetch_optional(&mut *self.read().await?).await?;
            let found = row.as_ref().map(token).transpose()?;
            let is_old = |used: Option<Time>| used.is_none_or(|used| micros(used) + NOTED_EVERY_MICROS < micros(now));
            Ok((found.as_ref().is_some_and(|token| is_old(token.used_at)), found))
        };
        let (is_old, found) = work.await.map_err(|fault: Fault| fault.doing("look for a token"))?;
        if is_old {
            // Whoever has it is let in all the same.
            let _ = self.note_use(hash, now).await;
        }
        Ok(found)
    }

    async fn note_use(&self, hash: &str, now: Time) -> Result<(), Fault> {
        let mut tx = self.write().await?;
        let noted = sqlx::query("UPDATE token SET used_at = $1 WHERE hash = $2").bind(micros(now)).bind(hash);
        noted.execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// Begins a session, of whose cookie `hash` is kept. Those that have ended are forgotten.
    pub async fn begin_session(&self, session: &Session, hash: &str) -> Result<(), StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            let over = sqlx::query("DELETE FROM session WHERE until <= $1").bind(micros(session.since));
            over.execute(&mut *tx).await?;
            let begun = sqlx::query(
                "INSERT INTO session (hash, name, subject, groups, token, since, until) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            );
            let begun = begun.bind(hash).bind(&session.name).bind(&session.subject);
            let begun = begun.bind(columns::json(&session.groups)?).bind(&session.token);
            begun.bind(micros(session.since)).bind(micros(session.until)).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        work.await.map_err(|fault: Fault| fault.doing("begin a session"))
    }

    /// The session with this hash, if it has not ended.
    pub async fn session(&self, hash: &str, now: Time) -> Result<Option<Session>, StoreError> {
        let work = async {
            let query = sqlx::query("SELECT * FROM session WHERE hash = $1 AND until > $2");
            let row = query.bind(hash).bind(micros(now)).fetch_optional(&mut *self.read().await?).await?;
            row.as_ref().map(session).transpose()
        };
        work.await.map_err(|fault: Fault| fault.doing("look for a session"))
    }

    /// Ends a session.
    pub async fn end_session(&self, hash: &str) -> Result<(), StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            sqlx::query("DELETE FROM session WHERE hash = $1").bind(hash).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        work.await.map_err(|fault: Fault| fault.doing("end a session"))
    }

    /// The role of a token that has not ended, by its name.
    pub async fn role_of_token(&self, name: &str, now: Time) -> Result<Option<Role>, StoreError> {
        let work = async {
            let query = sqlx::query_scalar("SELECT role FROM token WHERE name = $1 AND (until IS NULL OR until > $2)");
            let role = query.bind(name).bind(micros(now)).fetch_optional(&mut *self.read().await?).await?;
            role.map(|role: String| from_word("token.role", &role)).transpose()
        };
        work.await.map_err(|fault: Fault| fault.doing("look for a token's role"))
    }
}

fn token(row: &AnyRow) -> Result<Token, Fault> {
    Ok(Token {
        name: row.try_get("name")?,
        role: from_word("token.role", row.try_get("role")?)?,
        since: time("token.since", row.try_get("since")?)?,
        by: row.try_get("set_by")?,
        until: time_if("token.until", row.try_get("until")?)?,
        used_at: time_if("token.used_at", row.try_get("used_at")?)?,
    })
}

fn session(row: &AnyRow) -> Result<Session, Fault> {
    Ok(Session {
        name: row.try_get("name")?,
        subject: row.try_get("subject")?,
        groups: from_json(row.try_get("groups")?)?,
        token: row.try_get("token")?,
        since: time("session.since", row.try_get("since")?)?,
        until: time("session.until", row.try_get("until")?)?,
    })
}
