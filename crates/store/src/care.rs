//! Care: what a store holds, whether it is sound, and a copy of it while everything goes on.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde::Serialize;
use sqlx::AssertSqlSafe;
use watchkeeper_engine::ports::store::{Store as _, StoreError};

use crate::{
    copy::{CopyError, TABLES},
    database::{Dialect, without_limits},
    fault::Fault,
    open::{OpenError, known_tables, standing},
    store::SqlStore,
    verify::VerifyError,
};

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreStatus {
    /// `sqlite` or `postgres`.
    pub kind: &'static str,
    /// Its folder, or its server and database.
    pub place: String,
    /// The database's own version.
    pub database: String,
    /// How far its tables are.
    pub tables: i64,
    /// What a version of Watchkeeper has to know to work with them.
    pub floor: i64,
    /// What this version knows.
    pub known: i64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Rows by table.
    pub rows: BTreeMap<&'static str, u64>,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is there already; a backup never takes another one's place.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("cannot write the backup {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file cannot be a store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store cannot be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SqlStore {
    /// What the store holds.
    pub async fn status(&self) -> Result<StoreStatus, StoreError> {
        let work = async {
            let mut tx = self.read().await?;
            without_limits(&mut tx).await?;
            let (kind, version, size) = match self.dialect() {
                Dialect::Sqlite => ("sqlite", "SELECT sqlite_version()", None),
                Dialect::Postgres => (
                    "postgres",
                    "SELECT current_setting('server_version')",
                    Some("SELECT pg_database_size(current_database())"),
                ),
            };
            let database = sqlx::query_scalar(version).fetch_one(&mut *tx).await?;
            let bytes = match size {
                Some(size) => sqlx::query_scalar::<_, i64>(size).fetch_one(&mut *tx).await?.unsigned_abs(),
                None => self.bytes(),
            };
            let mut rows = BTreeMap::new();
            for table in TABLES {
                let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
                rows.insert(table, sqlx::query_scalar::<_, i64>(count).fetch_one(&mut *tx).await?.unsigned_abs());
            }
            let standing = standing(&mut tx).await?;
            let (tables, floor) = standing.map_or((0, 0), |standing| (standing.found, standing.floor));
            Ok(StoreStatus { kind, place: self.place(), database, tables, floor, known: known_tables(), bytes, rows })
        };
        work.await.map_err(|fault: Fault| fault.doing("count what the store holds"))
    }

    /// What is wrong with the store: its file's pages, rows that refer to nothing, the ledger's chain, rows that this version
    /// cannot read. Nothing is wrong when it is empty.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        let work = async {
            let mut wrong: Vec<String> = Vec::new();
            if self.dialect() == Dialect::Sqlite {
                let mut tx = self.read().await?;
                let pages: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(20)").fetch_all(&mut *tx).await?;
                wrong.extend(pages.into_iter().filter(|told| told != "ok").map(|told| format!("the file: {told}")));
                let lost = "SELECT \"table\" FROM pragma_foreign_key_check LIMIT 20";
                let lost: Vec<String> = sqlx::query_scalar(lost).fetch_all(&mut *tx).await?;
                wrong.extend(lost.into_iter().map(|table| format!("a row of {table} refers to one that is not there")));
            }
            Ok(wrong)
        };
        let mut wrong = work.await.map_err(|fault: Fault| fault.doing("check the store"))?;
        match self.verify_ledger(None).await {
            Ok(_) => {}
            Err(VerifyError::Store(error)) => return Err(error),
            Err(fault) => wrong.push(format!("the ledger: {fault}")),
        }
        wrong.extend(self.unreadable().await?.into_iter().map(|row| format!("{}: {}", row.row, row.reason)));
        Ok(wrong)
    }

    /// Writes one state of the store into a new file, while others write to the store; the file is a store itself, and
    /// stands there whole or not at all.
    pub async fn back_up(&self, path: &Path) -> Result<(), BackupError> {
        let failed = |source| BackupError::Io { path: path.to_owned(), source };
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists { path: path.to_owned() });
        }
        // SQLite is told the name as text; another file than the one meant is not written.
        let not_text = || failed(io::Error::new(io::ErrorKind::InvalidInput, "its path is not UTF-8"));
        let part = format!("{}.part", path.to_str().ok_or_else(not_text)?);
        // Nobody else reads it while it grows, or after.
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part).map_err(failed)?;
        let written = self.write_backup(&part).await;
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written?;
        fs::File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&part, path).map_err(failed)
    }

    async fn write_backup(&self, part: &str) -> Result<(), BackupError> {
        match self.dialect() {
            Dialect::Sqlite => {
                let work = async {
                    sqlx::query("VACUUM INTO $1").bind(part).execute(&mut *self.writer.acquire().await?).await?;
                    Ok(())
                };
                Ok(work.await.map_err(|fault: Fault| fault.doing("copy the store"))?)
            }
            Dialect::Postgres => {
                let copy = Self::new_file(Path::new(part)).await?;
                self.copy_to(&copy).await?;
                copy.close().await;
                Ok(())
            }
        }
    }
}
