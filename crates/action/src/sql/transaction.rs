//! The transaction: a statement and its mark.

use secrecy::ExposeSecret;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Either, Executor, SqlSafeStr, Statement};
use watchkeeper_model::{SqlAction, SqlEngine};

use super::{Broken, Database, Effect};

/// The statement and its mark, in one transaction.
pub(super) async fn effect(mut connection: AnyConnection, action: &SqlAction, mark: &str) -> Result<Effect, Broken> {
    let sure = |error| Broken { error, in_doubt: false };
    let mut tx = connection.begin().await.map_err(sure)?;
    match sqlx::query(insert(action.engine)).bind(mark).execute(&mut *tx).await {
        Ok(_) => {}
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Effect::Before),
        Err(error) => return Err(sure(error)),
    }
    // It is fixed in the configuration; data is bound.
    let statement = sqlx::query(AssertSqlSafe(action.statement.as_str()));
    let statement = action.parameters.iter().fold(statement, |statement, text| statement.bind(text.text()));
    let changed = statement.execute(&mut *tx).await.map_err(sure)?.rows_affected();
    if changed < action.rows.0 || changed > action.rows.1 {
        tx.rollback().await.map_err(sure)?;
        return Ok(Effect::OutOfBounds(changed));
    }
    tx.commit().await.map_err(|error| Broken { error, in_doubt: true })?;
    Ok(Effect::Committed(changed))
}

/// Whether a mark is there.
pub(super) async fn is_marked(database: &Database, engine: SqlEngine, mark: &str) -> Result<bool, sqlx::Error> {
    let mut connection = connect(database).await?;
    let query = match engine {
        SqlEngine::Postgres => "select 1 from watchkeeper_effect where key = $1",
        SqlEngine::Mariadb => "select 1 from watchkeeper_effect where `key` = ?",
    };
    Ok(sqlx::query(query).bind(mark).fetch_optional(&mut connection).await?.is_some())
}

/// Whether the statement can be prepared and a mark be made; what is made is rolled back.
pub(super) async fn rehearse(database: &Database, action: &SqlAction) -> Result<(), sqlx::Error> {
    let mut connection = connect(database).await?;
    let mut tx = connection.begin().await?;
    sqlx::query(insert(action.engine)).bind("lint").execute(&mut *tx).await?;
    let prepared = (&mut *tx).prepare(AssertSqlSafe(action.statement.as_str()).into_sql_str()).await?;
    let wanted = match prepared.parameters() {
        Some(Either::Left(types)) => types.len(),
        Some(Either::Right(count)) => count,
        None => action.parameters.len(),
    };
    tx.rollback().await?;
    let given = action.parameters.len();
    match wanted == given {
        true => Ok(()),
        false => Err(sqlx::Error::Protocol(format!("the statement takes {wanted} parameters, and {given} are given"))),
    }
}

fn insert(engine: SqlEngine) -> &'static str {
    match engine {
        SqlEngine::Postgres => "insert into watchkeeper_effect (key) values ($1)",
        SqlEngine::Mariadb => "insert into watchkeeper_effect (`key`) values (?)",
    }
}

pub(super) async fn connect(database: &Database) -> Result<AnyConnection, sqlx::Error> {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(database.url.expose_secret()).await
}
