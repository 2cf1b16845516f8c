//! `plugins.lock`: which bytes a workspace's plugins are, who signed them, and what they may import.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use minisign_verify::{PublicKey, Signature};
use serde::{Deserialize, Serialize};
use watchkeeper_model::{line_column, normalized};

use crate::{fault::Fault, origin::sha256_hex};

/// The file, in the workspace's folder.
pub const LOCK_FILE: &str = "plugins.lock";
const HEAD: &str =
    "# Written by `watchkeeper plugin add` and `plugin update`. Commit it: other bytes than these are not run.\n\n";

/// Every plugin that is pinned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// In the order of their names.
    #[serde(default, rename = "plugin", skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<Pinned>,
}

/// One plugin, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// What monitors may call it.
    pub name: String,
    /// Its file, from the workspace on.
    pub path: String,
    /// Where it came from.
    pub source: String,
    /// Of its bytes, 64 hex digits.
    pub sha256: String,
    /// How many they are.
    pub bytes: u64,
    /// The interface it exports, with its version.
    pub interface: String,
    /// The interfaces it imports, with their versions.
    pub imports: Vec<String>,
    /// The minisign public key that has to have signed it; the signature lies beside its file, with `.minisig` after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Why a lock cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The file cannot be read or written.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, #[source] io::Error),
    /// The file says something else than a lock does.
    #[error("{}:{line}:{column}: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// From 1 on.
        line: usize,
        /// From 1 on.
        column: usize,
        /// What is wrong.
        what: String,
    },
}

/// Why a component is not what somebody signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// The key is none.
    #[error("the key `{0}` is no minisign public key")]
    Key(String),
    /// There is no signature, or it cannot be read.
    #[error("there is no minisign signature of it, and its key is given")]
    Missing,
    /// The signature is of another key or of other bytes.
    #[error("it is not signed with the key {0}")]
    Other(String),
}

impl Lock {
    /// The workspace's lock; an empty one where it has none.
    pub fn read(workspace: &Path) -> Result<Self, LockError> {
        let path = workspace.join(LOCK_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(LockError::Io(path, error)),
        };
        toml::from_str(&text).map_err(|error| {
            let (line, column) = line_column(&text, error.span().map_or(0, |span| span.start));
            LockError::Malformed { path, line, column, what: error.message().to_owned() }
        })
    }

    /// Writes it under its name whole or not at all.
    pub fn write(&self, workspace: &Path) -> Result<(), LockError> {
        let path = workspace.join(LOCK_FILE);
        let failed = |error| LockError::Io(path.clone(), error);
        let mut sorted = self.clone();
        sorted.plugins.sort_by(|a, b| a.name.cmp(&b.name));
        let text = toml::to_string(&sorted).map_err(|error| failed(io::Error::other(error)))?;
        put(&path, format!("{HEAD}{text}").as_bytes()).map_err(failed)
    }

    /// The plugin that a monitor of the workspace names, by its name or its file, however that is written.
    pub fn find(&self, workspace: &Path, plugin: &str) -> Option<&Pinned> {
        let file = |path: &str| normalized(&workspace.join(path));
        let named = file(plugin);
        self.plugins.iter().find(|pinned| pinned.name == plugin || file(&pinned.path) == named)
    }
}

impl Pinned {
    /// Refuses bytes that are not the pinned ones, or that its key did not sign.
    pub(crate) fn refuse_others(&self, workspace: &Path, wasm: &[u8]) -> Result<(), Fault> {
        let found = sha256_hex(wasm);
        if found != self.sha256 {
            return Err(Fault::Changed { name: self.name.clone(), pinned: self.sha256.clone(), found });
        }
        let Some(key) = &self.key else { return Ok(()) };
        let beside = workspace.join(&self.path).with_added_extension("minisig");
        let signature = fs::read_to_string(beside).ok();
        verify(key, signature.as_deref(), wasm).map_err(|unsigned| Fault::Unsigned(unsigned.to_string()))
    }
}

/// Writes a file that others read, under its name whole or not at all: a daemon may read it at any moment.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let scratch = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(scratch.path(), bytes)?;
    fs::set_permissions(scratch.path(), Permissions::from_mode(0o644))?;
    scratch.persist(path).map(drop).map_err(|error| error.error)
}

/// Whether a key signed these bytes.
pub fn verify(key: &str, signature: Option<&str>, wasm: &[u8]) -> Result<(), Unsigned> {
    let public = PublicKey::from_base64(key).map_err(|_| Unsigned::Key(key.to_owned()))?;
    let signature = signature.and_then(|text| Signature::decode(text).ok()).ok_or(Unsigned::Missing)?;
    public.verify(wasm, &signature, false).map_err(|_| Unsigned::Other(key.to_owned()))
}
