//! The store: state that survives, in a file of its own or on a server that several share.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use secrecy::SecretString;
use sqlx::{AnyPool, AssertSqlSafe};
use watchkeeper_engine::ports::store::StoreError;

use crate::{
    bells::Bells,
    database::{Dialect, Tx},
    fault::Fault,
    me::Me,
    place::{FILE, Identity},
    repeated::Repeated,
    waiting::Waiting,
};

/// How long a server may take to answer all that one act of the engine asks of it: longer than it lets a statement run.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// The state of one installation.
#[derive(Debug, Clone)]
pub struct SqlStore {
    pub(crate) writer: AnyPool,
    pub(crate) readers: AnyPool,
    pub(crate) home: Arc<Home>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) bells: Arc<Bells>,
    pub(crate) repeated: Arc<Repeated>,
    /// This process among those that share the store; absent where there is one daemon at most.
    pub(crate) replica: Arc<OnceLock<Me>>,
}

/// Where a store is.
#[derive(Debug)]
pub(crate) enum Home {
    Memory,
    /// The file `watchkeeper.db` in a folder.
    Folder {
        folder: PathBuf,
        /// The file that was opened.
        file: Identity,
    },
    /// A PostgreSQL server.
    Server {
        /// `host:port/database`.
        address: String,
        /// With user and password.
        url: SecretString,
    },
}

impl SqlStore {
    pub(crate) fn at(home: Home, writer: AnyPool, readers: AnyPool) -> Self {
        Self {
            writer,
            readers,
            home: Arc::new(home),
            waiting: Arc::default(),
            bells: Arc::default(),
            repeated: Arc::default(),
            replica: Arc::default(),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match *self.home {
            Home::Memory | Home::Folder { .. } => Dialect::Sqlite,
            Home::Server { .. } => Dialect::Postgres,
        }
    }

    /// Whether the file that is open no longer stands in its folder. Other stores cannot move.
    pub fn has_moved(&self) -> bool {
        matches!(&*self.home, Home::Folder { file, .. } if file.has_moved())
    }

    /// Where it is, for people: its folder, or server and database without user and password.
    pub fn place(&self) -> String {
        match &*self.home {
            Home::Memory => "memory".to_owned(),
            Home::Folder { folder, .. } => folder.display().to_string(),
            Home::Server { address, .. } => address.clone(),
        }
    }

    /// The folder; absent for a store that has none.
    pub fn folder(&self) -> Option<&Path> {
        match &*self.home {
            Home::Folder { folder, .. } => Some(folder),
            Home::Memory | Home::Server { .. } => None,
        }
    }

    /// How large a store's files are; 0 where it has none of its own.
    pub fn bytes(&self) -> u64 {
        let Some(folder) = self.folder() else { return 0 };
        let size = |name: String| std::fs::metadata(folder.join(name)).map_or(0, |file| file.len());
        size(FILE.to_owned()) + size(format!("{FILE}-wal"))
    }

    /// Closes every connection and waits until the database is let go.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// What waits to be committed together.
    pub(crate) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    pub(crate) fn repeated(&self) -> &Repeated {
        &self.repeated
    }

    /// A transaction that may write, and the only one that does.
    pub(crate) async fn write(&self) -> Result<Tx, Fault> {
        self.require_in_place()?;
        Ok(self.writer.begin_with(AssertSqlSafe(self.dialect().begin_alone())).await?)
    }

    /// A transaction that writes beside others: rows that are its own, or under conditions that it names.
    pub(crate) async fn write_beside(&self) -> Result<Tx, Fault> {
        self.require_in_place()?;
        Ok(self.writer.begin_with(self.dialect().begin_beside()).await?)
    }

    /// A transaction that reads one state of the store.
    pub(crate) async fn read(&self) -> Result<Tx, Fault> {
        Ok(self.readers.begin_with(self.dialect().begin_reading()).await?)
    }

    /// Does what the engine asks for. A server that does not answer is given up on, and what was asked of it is asked
    /// again; a file's queue may be as long as it is.
    pub(crate) async fn asked<T>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        let done = match self.dialect() {
            Dialect::Sqlite => work.await,
            Dialect::Postgres => tokio::time::timeout(ANSWER_MAX, work).await.unwrap_or(Err(Fault::Silent)),
        };
        done.map_err(|fault| fault.doing(doing))
    }

    /// What nobody would find again is not written: a file that was moved away or replaced.
    fn require_in_place(&self) -> Result<(), Fault> {
        match &*self.home {
            Home::Folder { file, .. } if !file.is_in_place() => Err(Fault::Moved),
            _ => Ok(()),
        }
    }
}
