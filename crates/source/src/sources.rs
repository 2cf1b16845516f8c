//! The sources of a workspace, opened by name; what was read is kept until its files change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use watchkeeper_engine::ports::frame::{FrameError, FrameFault, Moment, Sources};
use watchkeeper_model::{Name, Secret, Source};
use watchkeeper_secret::SecretReader;

use crate::caught::caught;
use crate::database::Server;
use crate::fault::nearest;
use crate::kept::Budget;
use crate::kind::{Kind, Understood};
use crate::moment::DataMoment;
use crate::session::Sessions;

/// Sources up to 64 MiB on disk are held in memory.
const MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The named sources of a workspace.
///
/// A small source (see [`DataSources::with_memory_limit`]) is decoded once and held in memory, sorted by its time
/// column, so that a window of it is a slice; every open looks at the path, size and time of its files, and reads it
/// anew when one has changed. Its rows come by time, and as the files give them where times are equal. A bigger source
/// is read from its files each time, in the order of their paths. Its columns are those of the newest file with rows in
/// the window.
///
/// What is held of all sources has one budget, 512 MiB: past it, what was not looked at for longest is let go, and read
/// again when somebody looks at it.
#[derive(Debug)]
pub struct DataSources {
    shared: Arc<Shared>,
}

/// What all evaluations share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) workspace: PathBuf,
    secrets: SecretReader,
    entries: BTreeMap<Name, Entry>,
    pub(crate) sessions: Arc<Sessions>,
    /// By the address that sources give.
    servers: Mutex<Vec<Arc<Server>>>,
}

/// A source, and the column that its windows are cut on.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) time_column: Option<String>,
    pub(crate) kind: Kind,
}

impl DataSources {
    /// The sources of a workspace folder. Nothing is read until one is opened.
    pub fn new(workspace: &Path, sources: BTreeMap<Name, Source>) -> Self {
        let secrets = SecretReader::new(workspace);
        let budget = Arc::new(Budget::default());
        let entry = |source: Source| Entry {
            time_column: source.time_column,
            kind: Kind::of(source.kind, workspace, &secrets, &budget),
        };
        let entries = sources.into_iter().map(|(name, source)| (name, entry(source))).collect();
        let sessions = Arc::new(Sessions::new(MEMORY_BYTES_MAX));
        let shared = Shared { workspace: workspace.to_owned(), secrets, entries, sessions, servers: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Holds sources of at most so many bytes on disk in memory, instead of 64 MiB; 0 holds none. Decoded rows may take
    /// four times as much; a source that takes more is read from its files each time. Called before anything is opened.
    #[must_use]
    pub fn with_memory_limit(mut self, bytes: u64) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.sessions = Arc::new(Sessions::new(bytes));
        }
        self
    }
}

impl DataSources {
    /// How the text files of a source were understood; none of other sources.
    pub async fn understood(&self, source: &Name) -> Result<Option<Understood>, FrameError> {
        match &self.shared.entry(source)?.kind {
            Kind::Files(files) => caught(source.as_str(), files.understood(source.as_str())).await,
            _ => Ok(None),
        }
    }
}

impl Shared {
    /// A source by its name.
    pub(crate) fn entry(&self, name: &Name) -> Result<&Entry, FrameError> {
        self.entries.get(name).ok_or_else(|| {
            let near = nearest(name.as_str(), self.entries.keys().map(Name::as_str));
            FrameError::new(FrameFault::Missing, format!("there is no source `{name}`{near}"))
        })
    }

    /// The server at an address, the same for all sources that name it.
    pub(crate) fn server(&self, url: &Secret) -> Arc<Server> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = servers.iter().find(|server| server.url() == url) {
            return Arc::clone(server);
        }
        let server = Arc::new(Server::new(url.clone(), self.secrets.clone()));
        servers.push(Arc::clone(&server));
        server
    }
}

#[async_trait]
impl Sources for DataSources {
    fn moment(&self) -> Arc<dyn Moment> {
        Arc::new(DataMoment::new(Arc::clone(&self.shared)))
    }

    async fn identity(&self, source: &Name) -> Result<Option<String>, FrameError> {
        let moment = DataMoment::new(Arc::clone(&self.shared));
        caught(source.as_str(), moment.identity(source, Vec::new())).await
    }
}
