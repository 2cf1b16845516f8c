//! The tables: brought up to date by migrations of the same numbers on both databases.
//!
//! A migration is additive, so that the version before can go on beside this one, or it raises the floor: the number that
//! a version has to know to work with the tables.

use sqlx::{AnyConnection, migrate::Migrator};

use super::OpenError;
use crate::database::Dialect;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How far the tables of a store are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The newest migration.
    pub(crate) found: i64,
    /// What a version has to know to work with them.
    pub(crate) floor: i64,
}

/// How far this version knows the tables.
pub(crate) fn known() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// How far the tables are; `None` where there are none.
pub(crate) async fn standing(db: &mut AnyConnection) -> Result<Option<Standing>, sqlx::Error> {
    if !has_table(db, "_sqlx_migrations").await? {
        return Ok(None);
    }
    let found: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut *db).await?;
    let Some(found) = found else { return Ok(None) };
    let floor = match has_table(db, "store_floor").await? {
        true => sqlx::query_scalar("SELECT version FROM store_floor").fetch_optional(db).await?,
        false => None,
    };
    Ok(Some(Standing { found, floor: floor.unwrap_or(found) }))
}

async fn has_table(db: &mut AnyConnection, name: &str) -> Result<bool, sqlx::Error> {
    let query = match Dialect::of(db) {
        Dialect::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
        Dialect::Postgres => "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
    };
    Ok(sqlx::query(query).bind(name).fetch_optional(db).await?.is_some())
}

/// Refuses tables that this version cannot work with.
pub(crate) fn require_workable(standing: Option<Standing>, place: &str) -> Result<(), OpenError> {
    match standing {
        Some(Standing { found, floor }) if floor > known() => {
            Err(OpenError::Newer { place: place.to_owned(), found, floor, known: known() })
        }
        _ => Ok(()),
    }
}

/// Brings the tables up to date; those of a newer version are left as they are. Of several processes that try at once the
/// others wait.
pub(crate) async fn bring_up_to_date(db: &mut AnyConnection, place: &str) -> Result<(), OpenError> {
    let all = match Dialect::of(db) {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
    };
    let mut migrator = Migrator { migrations: all.migrations.clone(), ..Migrator::DEFAULT };
    migrator.set_ignore_missing(true);
    migrator.run(db).await.map_err(|source| OpenError::Migration { place: place.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_are_brought_to_the_same_tables() {
        let newest = |all: &Migrator| all.iter().map(|migration| migration.version).max();
        assert_eq!(newest(&SQLITE), newest(&POSTGRES));
    }
}
