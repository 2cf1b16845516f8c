//! The store's place: a private folder, and the plain files in it.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{Access, FlockOperation, OFlags, access, flock},
    io::Errno,
};

/// The store's file in its folder.
pub(crate) const FILE: &str = "watchkeeper.db";
/// What SQLite keeps beside it.
pub(crate) const LOG: &str = "watchkeeper.db-wal";
const LOG_INDEX: &str = "watchkeeper.db-shm";
/// Held by a process while it opens the store.
const OPEN_LOCK: &str = "open.lock";
/// Held by the daemon for as long as it runs.
pub(crate) const DAEMON_LOCK: &str = "daemon.lock";
/// How the names of copies begin that are made before the tables are brought up to date.
pub(crate) const BEFORE: &str = "before-";
/// All that lies in a store's folder; compiled plugins do where there is no other cache.
const OURS: [&str; 6] = [FILE, LOG, LOG_INDEX, OPEN_LOCK, DAEMON_LOCK, "plugins"];
/// How long another process may take to open the store.
const OPENING_MAX: Duration = Duration::from_secs(5);
/// How often the lock is tried meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Why a folder cannot be a store's.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The folder cannot be made or used.
    #[error("cannot prepare the folder {path} of the store")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The folder is there, and others may look into it or change it.
    #[error("the folder {path} of the store is open to others (mode {mode:04o}), and holds more than a store")]
    Shared {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Another process has been opening the store for too long.
    #[error("another process opens the store in {path}, and has not finished for {} s", OPENING_MAX.as_secs())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
}

/// Makes the folder, private. One that is there and open to others is made private if it holds nothing but a store; else
/// it is somebody's for something else, and left as it is.
pub(crate) fn prepare(folder: &Path) -> Result<(), PlaceError> {
    let failed = |source| PlaceError::Folder { path: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mode = fs::metadata(folder).map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        if !is_ours(folder).map_err(failed)? {
            return Err(PlaceError::Shared { path: folder.to_owned(), mode });
        }
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed)?;
    }
    for name in [FILE, LOG, LOG_INDEX] {
        is_plain_file(&folder.join(name)).map_err(failed)?;
    }
    Ok(())
}

/// Whether a folder holds nothing but what a store's folder holds.
fn is_ours(folder: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let is_copy = name.to_str().is_some_and(|name| name.starts_with(BEFORE) && name.ends_with(".db"));
        if !is_copy && !OURS.iter().any(|ours| name == *ours) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether there is a plain file; something else at its place is an error.
pub(crate) fn is_plain_file(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(true),
        Ok(_) => Err(not_a_file(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a lock's file, made when it is missing. It never waits, as it would for somebody at a pipe's other end.
pub(crate) fn lock_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    // Not truncated: until it is locked, the content is another's.
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_a_file(path)) }
}

fn not_a_file(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{} is not a plain file", path.display()))
}

/// Waits until no other process is opening the store: two that create the tables at once would fail.
pub(crate) async fn alone(folder: &Path) -> Result<File, PlaceError> {
    let failed = |source| PlaceError::Folder { path: folder.to_owned(), source };
    let file = lock_file(&folder.join(OPEN_LOCK)).map_err(failed)?;
    let locked = async {
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) => tokio::time::sleep(LOOK_EVERY).await,
                ended => return ended,
            }
        }
    };
    match tokio::time::timeout(OPENING_MAX, locked).await {
        Ok(Ok(())) => Ok(file),
        Ok(Err(error)) => Err(failed(error.into())),
        Err(_) => Err(PlaceError::Busy { path: folder.to_owned() }),
    }
}

/// Whether a store that is only read can be taken for one that nobody writes to: nothing can be written beside it, and
/// its log holds nothing that is not in the file.
pub(crate) fn is_finished(folder: &Path) -> bool {
    let log_is_empty = fs::metadata(folder.join(LOG)).map_or(true, |log| log.len() == 0);
    log_is_empty && access(folder, Access::WRITE_OK).is_err()
}

/// A file as it was when it was opened.
#[derive(Debug)]
pub(crate) struct Identity {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Identity {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    /// Whether it is seen at its path.
    pub(crate) fn is_in_place(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| self.is(&found))
    }

    /// Whether it is seen not to be at its path any more. A path that cannot be looked at just now says neither.
    pub(crate) fn has_moved(&self) -> bool {
        match fs::metadata(&self.path) {
            Ok(found) => !self.is(&found),
            Err(error) => matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
        }
    }

    fn is(&self, found: &Metadata) -> bool {
        (found.dev(), found.ino()) == (self.device, self.inode)
    }
}
