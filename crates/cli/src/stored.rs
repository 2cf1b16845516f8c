//! Opens the store of a workspace: in the daemon's folder, or on a server.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use watchkeeper_config::Outline;
use watchkeeper_model::{Secret, Workspace};
use watchkeeper_secret::SecretReader;
use watchkeeper_store::{OpenError, PlaceError, SqlStore};

use crate::failure::Failure;

/// Where a workspace keeps its state.
pub(crate) enum StoreAt {
    /// In a folder.
    Folder(PathBuf),
    /// On a server, whose URL is a secret of the workspace.
    Server {
        /// The workspace's folder.
        workspace: PathBuf,
        /// Where the URL stands.
        url: Secret,
    },
}

impl StoreAt {
    pub(crate) fn of(folder: &Path, workspace: &Workspace) -> Self {
        Self::either(folder, &workspace.daemon.state, workspace.store.url.as_ref())
    }

    pub(crate) fn outlined(folder: &Path, outline: &Outline) -> Self {
        Self::either(folder, &outline.state, outline.store.as_ref())
    }

    fn either(folder: &Path, state: &Path, url: Option<&Secret>) -> Self {
        match url {
            None => Self::Folder(folder.join(state)),
            Some(url) => Self::Server { workspace: folder.to_owned(), url: url.clone() },
        }
    }

    /// Opens the store, made when it is missing.
    pub(crate) async fn open(&self) -> Result<SqlStore, Failure> {
        self.try_open().await?.map_err(unopened)
    }

    /// Opens the store, for who tries again. The failure is the secret's.
    pub(crate) async fn try_open(&self) -> Result<Result<SqlStore, OpenError>, Failure> {
        Ok(match self {
            Self::Folder(folder) => SqlStore::open(folder).await,
            Self::Server { workspace, url } => SqlStore::connect(&secret(workspace, url)?).await,
        })
    }

    /// Opens the store to read it only; an empty one where there is none.
    pub(crate) async fn open_to_read(&self) -> Result<SqlStore, Failure> {
        match self.find().await? {
            Some(store) => Ok(store),
            None => SqlStore::in_memory().await.map_err(Failure::internal),
        }
    }

    /// Opens the store to read it only; a failure where there is none.
    pub(crate) async fn open_to_copy(&self) -> Result<SqlStore, Failure> {
        self.find().await?.ok_or_else(|| Failure::usage(format!("there is no store in {}", self.shown())))
    }

    async fn find(&self) -> Result<Option<SqlStore>, Failure> {
        let found = match self {
            Self::Folder(folder) => SqlStore::open_to_read(folder).await,
            Self::Server { workspace, url } => SqlStore::connect_to_read(&secret(workspace, url)?).await,
        };
        found.map_err(unopened)
    }

    /// Whether a store may be there; nothing is made.
    pub(crate) fn may_hold_one(&self) -> bool {
        match self {
            Self::Folder(folder) => SqlStore::is_in(folder),
            Self::Server { .. } => true,
        }
    }

    /// For people; never the URL.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Server { url, .. } => match url {
                Secret::File(file) => format!("the server that {} names", file.display()),
                Secret::Credential(name) => format!("the server that the credential {name} names"),
                Secret::Env(name) => format!("the server that ${name} names"),
            },
        }
    }
}

/// The URL of a server as people give it: itself, or `@` and a file of the workspace that holds it, so that a password
/// stands in no list of processes.
pub(crate) fn url(workspace: &Path, given: &str) -> Result<String, Failure> {
    match given.strip_prefix('@') {
        Some(file) => secret(workspace, &Secret::File(file.into())),
        None => Ok(given.to_owned()),
    }
}

/// The URL, read where it is kept.
fn secret(workspace: &Path, url: &Secret) -> Result<String, Failure> {
    let read = SecretReader::new(workspace).resolve(url).map_err(Failure::unreachable)?;
    Ok(read.expose_secret().trim().to_owned())
}

pub(crate) fn unopened(error: OpenError) -> Failure {
    let hint = match &error {
        error if error.is_damage() => Some(
            "the file is damaged or no store of Watchkeeper: put a backup in its place, or move it away to begin with an \
             empty store"
                .to_owned(),
        ),
        OpenError::Place(PlaceError::Shared { path, .. }) => Some(format!(
            "name a folder of its own in [daemon] `state`, or close {} to others with `chmod 700`",
            path.display()
        )),
        OpenError::Place(PlaceError::Busy { .. }) => Some("is a process of Watchkeeper stopped?".to_owned()),
        OpenError::Older { .. } => Some(
            "`watchkeeper run` brings it up to date, where it can be written; read it meanwhile with the version that \
             wrote it"
                .to_owned(),
        ),
        OpenError::Newer { .. } => Some("install the version that wrote it, or a newer one".to_owned()),
        OpenError::Url { .. } => Some(
            "write `postgres://USER:PASSWORD@HOST:PORT/DATABASE` into the secret that [store] `url` names, with `%` and \
             two hex digits for what is not a letter or digit in the password"
                .to_owned(),
        ),
        _ => None,
    };
    let failure = Failure::unreachable(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
