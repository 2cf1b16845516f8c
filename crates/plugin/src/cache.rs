//! The folder of compiled components: ours alone, keyed by what was compiled and for which engine.
//!
//! Architecture invariant: machine code is loaded from nowhere else.

use std::{
    fs::{self, DirBuilder, Metadata},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use wasmtime::{Engine, component::Component};

use crate::{compiler::Compiler, fault::Fault, host::HostError};

const OTHERS_MAY_WRITE: u32 = 0o022;

/// An opened cache folder.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// Hash of all that decides whether compiled code fits this engine.
    compatibility: u64,
}

impl Cache {
    /// Makes the folder with mode 0700 where it is missing; refuses one that others own or may write to.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> Result<Self, HostError> {
        let failed = |error| HostError::Cache(folder.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        let metadata = fs::metadata(&folder).map_err(failed)?;
        if !metadata.is_dir() || !is_ours(&metadata) {
            return Err(HostError::CacheNotOurs(folder));
        }
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { folder, compatibility: hasher.finish() })
    }

    /// The compiled component, if it is there and fits. Blocks on the file system.
    pub(crate) fn load(&self, engine: &Engine, digest: &str) -> Result<Option<Component>, Fault> {
        let path = self.file(digest);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Fault::unreadable(path, &error)),
            Ok(metadata) if metadata.is_file() && is_ours(&metadata) => {}
            Ok(_) => {
                return Err(Fault::host(format!("{} is not ours alone; remove it", path.display())));
            }
        }
        match deserialize(engine, &path) {
            Ok(component) => Ok(Some(component)),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "compiled component does not load; compiling it again");
                Ok(None)
            }
        }
    }

    /// Compiles in a child process; the result appears under its final name at once or not at all.
    pub(crate) async fn fill(&self, compiler: &Compiler, digest: &str, wasm: &[u8]) -> Result<(), Fault> {
        let scratch = self.scratch().map_err(|error| self.unwritable(&error))?;
        let (input, output) = (scratch.path().join("component.wasm"), scratch.path().join("component.cwasm"));
        write(&input, wasm).map_err(|error| self.unwritable(&error))?;
        compiler.compile(scratch.path(), &input, &output).await?;
        fs::rename(&output, self.file(digest)).map_err(|error| self.unwritable(&error))
    }

    fn file(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{:016x}.cwasm", self.compatibility))
    }

    fn scratch(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("compiling-").tempdir_in(&self.folder)
    }

    fn unwritable(&self, error: &io::Error) -> Fault {
        Fault::host(format!("cannot write to the cache {}: {error}", self.folder.display()))
    }
}

fn is_ours(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & OTHERS_MAY_WRITE == 0
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::File::create_new(path)?.write_all(bytes)
}

#[expect(unsafe_code, reason = "machine code can only be loaded on the caller's word that it is trustworthy")]
fn deserialize(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file was written by our own compiling child, into a folder and under a name that only this user can
    // write to (checked at opening and just before), and it is replaced only by renaming, never changed in place.
    unsafe { Component::deserialize_file(engine, path) }
}
