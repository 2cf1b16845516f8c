//! The folder of compiled components: ours alone, keyed by what was compiled and for which engine.
//!
//! Architecture invariant: machine code is loaded from nowhere else, and only as it was written there: every file begins
//! with a code over its name and its bytes, made with a key that lies beside it.

use std::{
    fs::{self, DirBuilder, File, FileTimes, Metadata, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use hmac::{Hmac, KeyInit, Mac};
use rustix::fs::OFlags;
use sha2::Sha256;
use tempfile::TempDir;
use wasmtime::{Engine, component::Component};

use crate::{compiler::Compiler, fault::Fault};

const OTHERS_MAY_WRITE: u32 = 0o022;
const ANYBODY_MAY_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;
const KEY: &str = "key";
const KEY_BYTES: usize = 32;
const CODE_BYTES: usize = 32;
const EXTENSION: &str = "cwasm";
const SCRATCH: &str = "compiling-";

/// What is kept: what was not used for longest goes first.
const KEPT_BYTES_MAX: u64 = 1 << 30;
const UNUSED_MAX: Duration = Duration::from_secs(90 * 24 * 3_600);
/// A scratch folder of this age was left by a process that ended.
const SCRATCH_AGE_MAX: Duration = Duration::from_secs(3_600);

/// An opened cache folder.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// Held by a cache that goes with its process.
    _passing: Option<TempDir>,
    key: [u8; KEY_BYTES],
    /// Hash of all that decides whether compiled code fits this engine.
    compatibility: u64,
}

/// What the cache has of a component.
pub(crate) enum Loaded {
    Component(Component),
    /// Nothing, or nothing that was made here.
    Missing,
    /// Code that this engine does not take, and why.
    Unfit(String),
}

/// Why a folder cannot be the cache.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("no folder is known for it; set HOME, XDG_CACHE_HOME or CACHE_DIRECTORY")]
    Unknown,
    #[error("{} cannot be used: {}", .0.display(), .1)]
    Io(PathBuf, #[source] io::Error),
    #[error("{} could be changed by somebody else: it must be owned by this user and writable by nobody else", .0.display())]
    NotOurs(PathBuf),
}

impl Cache {
    /// Makes the folder with mode 0700 where it is missing; refuses one that others own or may change, itself or through
    /// a folder above it.
    pub(crate) fn open(folder: Option<&Path>, engine: &Engine) -> Result<Self, Unusable> {
        let folder = folder.ok_or(Unusable::Unknown)?;
        let failed = |error| Unusable::Io(folder.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        for (above, place) in folder.ancestors().enumerate() {
            let metadata = fs::metadata(place).map_err(|error| Unusable::Io(place.to_owned(), error))?;
            let safe = if above == 0 { metadata.is_dir() && is_ours(&metadata) } else { is_sheltered(&metadata) };
            if !safe {
                return Err(Unusable::NotOurs(place.to_owned()));
            }
        }
        Self::in_folder(folder.clone(), None, engine).map_err(|error| Unusable::Io(folder, error))
    }

    /// A folder of this process, which goes with it.
    pub(crate) fn passing(engine: &Engine) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("watchkeeper-").tempdir()?;
        Self::in_folder(folder.path().to_owned(), Some(folder), engine)
    }

    fn in_folder(folder: PathBuf, passing: Option<TempDir>, engine: &Engine) -> io::Result<Self> {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let key = key(&folder)?;
        let cache = Self { folder, _passing: passing, key, compatibility: hasher.finish() };
        cache.prune();
        Ok(cache)
    }

    /// The compiled component, if it is there and fits. Blocks on the file system.
    pub(crate) fn load(&self, engine: &Engine, digest: &str) -> Result<Loaded, Fault> {
        let path = self.file(digest);
        let bytes = match read_ours(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(Fault::host(format!("{} is not ours alone; remove it", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Loaded::Missing),
            Err(error) => return Err(Fault::unreadable(path, &error)),
        };
        let sealed = bytes.split_at_checked(CODE_BYTES).filter(|(code, compiled)| {
            self.sealing(digest, compiled).is_ok_and(|sealing| sealing.verify_slice(code).is_ok())
        });
        let Some((_, compiled)) = sealed else {
            tracing::warn!(path = %path.display(), "this is not what was compiled here; compiling it again");
            return Ok(Loaded::Missing);
        };
        Ok(match deserialize(engine, compiled) {
            Ok(component) => Loaded::Component(component),
            Err(error) => Loaded::Unfit(format!("{error:#}")),
        })
    }

    /// Compiles in a child process; the result appears under its final name at once or not at all.
    pub(crate) async fn fill(&self, compiler: &Compiler, digest: &str, wasm: &[u8]) -> Result<(), Fault> {
        let unwritable = |error| self.unwritable(&error);
        let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&self.folder).map_err(unwritable)?;
        let path = |name: &str| scratch.path().join(name);
        let (input, output, sealed) = (path("component.wasm"), path("component.cwasm"), path("sealed"));
        File::create_new(&input).and_then(|mut file| file.write_all(wasm)).map_err(unwritable)?;
        compiler.compile(scratch.path(), &input, &output).await?;
        let compiled = fs::read(&output).map_err(unwritable)?;
        let code = self.sealing(digest, &compiled)?.finalize().into_bytes();
        write_private(&sealed, &[&code, &compiled]).map_err(unwritable)?;
        fs::rename(&sealed, self.file(digest)).map_err(unwritable)?;
        self.prune();
        Ok(())
    }

    /// What the code is made over: the name and the bytes.
    fn sealing(&self, digest: &str, compiled: &[u8]) -> Result<Hmac<Sha256>, Fault> {
        let mut sealing = Hmac::<Sha256>::new_from_slice(&self.key).map_err(Fault::host)?;
        sealing.update(digest.as_bytes());
        sealing.update(&self.compatibility.to_le_bytes());
        sealing.update(compiled);
        Ok(sealing)
    }

    fn file(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{:016x}.{EXTENSION}", self.compatibility))
    }

    fn unwritable(&self, error: &io::Error) -> Fault {
        Fault::host(format!("cannot write to the cache {}: {error}", self.folder.display()))
    }

    /// Removes what nobody used for long, and the oldest of too much. What cannot be removed stays.
    #[expect(clippy::disallowed_methods, reason = "the age of files is told by the clock of their disk")]
    fn prune(&self) {
        let now = SystemTime::now();
        let age = |metadata: &Metadata| {
            metadata.modified().ok().and_then(|time| now.duration_since(time).ok()).unwrap_or_default()
        };
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut kept: Vec<(Duration, u64, PathBuf)> = Vec::new();
        for entry in entries {
            let Ok(metadata) = entry.metadata() else { continue };
            let (path, name) = (entry.path(), entry.file_name());
            if metadata.is_dir() && name.to_string_lossy().starts_with(SCRATCH) && age(&metadata) > SCRATCH_AGE_MAX {
                drop(fs::remove_dir_all(&path));
            } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
                kept.push((age(&metadata), metadata.len(), path));
            }
        }
        kept.sort();
        let mut bytes = 0;
        for (age, size, path) in kept {
            bytes += size;
            if bytes > KEPT_BYTES_MAX || age > UNUSED_MAX {
                drop(fs::remove_file(path));
            }
        }
    }
}

/// The folder's key, made when there is none.
fn key(folder: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let path = folder.join(KEY);
    for _ in 0..2 {
        match read_ours(&path) {
            Ok(Some(bytes)) if bytes.len() == KEY_BYTES => {
                let mut key = [0; KEY_BYTES];
                key.copy_from_slice(&bytes);
                return Ok(key);
            }
            Ok(_) => fs::remove_file(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        // Under its name whole or not at all; of two processes that make one at once, the first one's stays.
        let scratch = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(folder)?;
        write_private(&scratch.path().join(KEY), &[&key])?;
        match fs::hard_link(scratch.path().join(KEY), &path) {
            Ok(()) => return Ok(key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("its key changes all the time"))
}

/// The bytes of a plain file that is ours alone, looked at and read through one handle; none where it is not.
#[expect(clippy::disallowed_methods, reason = "what is used is marked so by the clock of its disk")]
fn read_ours(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let mut file = match opened {
        // A link is nobody's own file.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => return Ok(None),
        opened => opened?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() || !is_ours(&metadata) {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    file.read_to_end(&mut bytes)?;
    // What is used stays; a folder that cannot be written to is as good for reading.
    drop(file.set_times(FileTimes::new().set_modified(SystemTime::now())));
    Ok(Some(bytes))
}

fn is_ours(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & OTHERS_MAY_WRITE == 0
}

/// Whether nobody else can put another folder in the place of one that lies in this one.
fn is_sheltered(metadata: &Metadata) -> bool {
    let (mode, owner) = (metadata.mode(), metadata.uid());
    let ours = owner == 0 || owner == rustix::process::geteuid().as_raw();
    let own_group = metadata.gid() == 0 || metadata.gid() == rustix::process::getegid().as_raw();
    let writable = mode & ANYBODY_MAY_WRITE != 0 || mode & OTHERS_MAY_WRITE != 0 && !own_group;
    ours && (!writable || mode & STICKY != 0)
}

fn write_private(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.sync_all()
}

#[expect(unsafe_code, reason = "machine code can only be loaded on the caller's word that it is trustworthy")]
fn deserialize(engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: these very bytes were written by our own compiling child: they carry a code that only who can read the
    // folder's key can make, and the folder and the key are this user's alone.
    unsafe { Component::deserialize(engine, compiled) }
}
