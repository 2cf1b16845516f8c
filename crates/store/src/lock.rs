//! The daemon's lock: two daemons cannot share a store. The kernel lets go of it when the process ends, however it ends.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use chrono::SecondsFormat;
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use watchkeeper_model::Time;

use crate::{
    place::{DAEMON_LOCK, Identity, lock_file},
    store::SqlStore,
};

/// The lock on a store's folder; let go of when it is dropped or the process ends.
#[derive(Debug)]
pub struct DaemonLock {
    _file: File,
    place: Identity,
}

/// Why a daemon cannot have a store to itself.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another daemon has it.
    #[error("another daemon runs on this store: {holder}; stop it first, or use another state folder")]
    Held {
        /// Its process id, start and address: `pid 4711 since 2026-01-05T00:00:00Z (127.0.0.1:7878)`.
        holder: String,
    },
    /// The lock's file cannot be used.
    #[error("cannot lock {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl DaemonLock {
    /// Takes the lock of a store's folder. `who` is what a second daemon is told besides the process id and `now`.
    pub fn take(folder: &Path, who: &str, now: Time) -> Result<Self, LockError> {
        let path = folder.join(DAEMON_LOCK);
        lock(&path, who, now).map_err(|refusal| match refusal {
            Refusal::Held(holder) => LockError::Held { holder },
            Refusal::Io(source) => LockError::Io { path, source },
        })
    }

    /// Whether another daemon would find no lock, or another one, where this one was taken.
    pub fn has_moved(&self) -> bool {
        self.place.has_moved()
    }
}

impl SqlStore {
    /// Takes the daemon's lock; `None` for a store in memory, which nobody else can open.
    pub fn lock_daemon(&self, who: &str, now: Time) -> Result<Option<DaemonLock>, LockError> {
        self.folder().map(|folder| DaemonLock::take(folder, who, now)).transpose()
    }
}

enum Refusal {
    Held(String),
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn lock(path: &Path, who: &str, now: Time) -> Result<DaemonLock, Refusal> {
    let mut file = lock_file(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Err(Refusal::Held(holder(&mut file)?)),
        Err(error) => return Err(Refusal::Io(error.into())),
    }
    file.set_len(0)?;
    let since = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    writeln!(file, "pid {} since {since} ({who})", std::process::id())?;
    Ok(DaemonLock { _file: file, place: Identity::of(path)? })
}

/// What the other daemon says of itself; it may not have come to say it yet.
fn holder(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let line = text.trim();
    Ok(if line.is_empty() { "it has just started".to_owned() } else { line.to_owned() })
}
