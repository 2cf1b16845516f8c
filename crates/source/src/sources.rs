//! The sources of a workspace, opened by name; what was read is kept until its files change.

mod identity;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Mutex;
use watchkeeper_engine::ports::frame::{Frame, FrameError, Sources, Span};
use watchkeeper_model::{FilesSource, Name, Source, SourceKind, ViewSource};

use crate::fault::{fault, nearest};
use crate::frame::SourceFrame;
use crate::location::Location;
use crate::session::Sessions;
use crate::table::{Stamp, Table};
use crate::{files, view};

/// Sources up to 64 MiB on disk are held in memory.
const MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The named sources of a workspace.
///
/// A small source (see [`DataSources::with_memory_limit`]) is decoded once and held in memory, sorted by its time
/// column, so that a window of it is a slice; every open looks at the path, size and time of its files, and reads it
/// anew when one has changed. Its rows come by time, and as the files give them where times are equal. A bigger source
/// is read from its files each time, in the order of their paths.
#[derive(Debug)]
pub struct DataSources {
    workspace: PathBuf,
    entries: BTreeMap<Name, Entry>,
    sessions: Arc<Sessions>,
}

#[derive(Debug)]
struct Entry {
    source: Source,
    location: OnceLock<Location>,
    /// Locked while it is read, so that two opens at once read it once.
    table: Mutex<Option<Arc<Table>>>,
}

impl DataSources {
    /// The sources of a workspace folder. Nothing is read until one is opened.
    pub fn new(workspace: &Path, sources: BTreeMap<Name, Source>) -> Self {
        let entry = |source| Entry { source, location: OnceLock::new(), table: Mutex::new(None) };
        Self {
            workspace: workspace.to_owned(),
            entries: sources.into_iter().map(|(name, source)| (name, entry(source))).collect(),
            sessions: Arc::new(Sessions::new(MEMORY_BYTES_MAX)),
        }
    }

    /// Holds sources of at most so many bytes on disk in memory, instead of 64 MiB; 0 holds none. Decoded rows may take
    /// four times as much; a source that takes more is read from its files each time.
    #[must_use]
    pub fn with_memory_limit(mut self, bytes: u64) -> Self {
        self.sessions = Arc::new(Sessions::new(bytes));
        self
    }

    fn entry(&self, name: &Name) -> Result<&Entry, FrameError> {
        self.entries.get(name).ok_or_else(|| {
            let near = nearest(name.as_str(), self.entries.keys().map(Name::as_str));
            FrameError(format!("there is no source `{name}`{near}"))
        })
    }

    /// The source as its files are now. `above` are the views that are being read for it.
    fn table<'a>(&'a self, name: &'a Name, above: Vec<&'a Name>) -> BoxFuture<'a, Result<Arc<Table>, FrameError>> {
        async move {
            let entry = self.entry(name)?;
            match &entry.source.kind {
                SourceKind::Files(files) => self.files(name, entry, files).await,
                SourceKind::View(view) if above.contains(&name) => Err(in_a_circle(name, view)),
                SourceKind::View(view) => self.view(name, entry, view, above).await,
            }
        }
        .boxed()
    }

    async fn files(&self, name: &Name, entry: &Entry, files: &FilesSource) -> Result<Arc<Table>, FrameError> {
        let location = self.location(name, entry, files)?;
        let listing = files::list(name.as_str(), files, location).await?;
        let mut kept = entry.table.lock().await;
        if let Some(table) = kept.as_ref().filter(|table| table.stamp.files == listing.files) {
            return Ok(Arc::clone(table));
        }
        let plan = files::plan(name.as_str(), &listing, location, &self.sessions).await?;
        let stamp = Arc::new(Stamp { files: listing.files, inputs: Vec::new() });
        let bytes_max = self.bytes_max(&stamp);
        let table = Table::read(name.as_str(), entry.source.time_column.as_deref(), stamp, plan, bytes_max).await?;
        Ok(Arc::clone(kept.insert(Arc::new(table))))
    }

    async fn view<'a>(
        &'a self,
        name: &'a Name,
        entry: &Entry,
        view: &'a ViewSource,
        mut above: Vec<&'a Name>,
    ) -> Result<Arc<Table>, FrameError> {
        above.push(name);
        let mut inputs = Vec::new();
        for input in &view.inputs {
            inputs.push((input, self.table(input, above.clone()).await?));
        }
        let stamp = Arc::new(Stamp {
            files: Vec::new(),
            inputs: inputs.iter().map(|(_, table)| Arc::clone(&table.stamp)).collect(),
        });
        let mut kept = entry.table.lock().await;
        if let Some(table) = kept.as_ref().filter(|table| table.stamp == stamp) {
            return Ok(Arc::clone(table));
        }
        let plan = view::plan(name.as_str(), view, &inputs, &self.sessions).await?;
        let bytes_max = self.bytes_max(&stamp);
        let table = Table::read(name.as_str(), entry.source.time_column.as_deref(), stamp, plan, bytes_max).await?;
        Ok(Arc::clone(kept.insert(Arc::new(table))))
    }

    fn location<'a>(&self, name: &Name, entry: &'a Entry, files: &FilesSource) -> Result<&'a Location, FrameError> {
        if let Some(location) = entry.location.get() {
            return Ok(location);
        }
        let location = Location::resolve(&self.workspace, &files.path).map_err(|what| fault(name.as_str(), what))?;
        Ok(entry.location.get_or_init(|| location))
    }

    /// How much memory a source may take: none if its files are too big.
    fn bytes_max(&self, stamp: &Stamp) -> usize {
        if stamp.bytes() <= self.sessions.memory_bytes_max { self.sessions.decoded_bytes_max() } else { 0 }
    }
}

fn in_a_circle(name: &Name, view: &ViewSource) -> FrameError {
    let inputs: Vec<&str> = view.inputs.iter().map(Name::as_str).collect();
    fault(name.as_str(), format!("its SQL reads {}, which reads `{name}` again; break the circle", inputs.join(", ")))
}

#[async_trait]
impl Sources for DataSources {
    async fn open(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        let table = self.table(source, Vec::new()).await?;
        let rows = table.cut(span)?;
        Ok(Arc::new(SourceFrame::new(Arc::clone(&table.shape), rows, Arc::clone(&self.sessions))))
    }

    async fn identity(&self, source: &Name) -> Result<Option<String>, FrameError> {
        Ok(Some(self.identified(source, Vec::new()).await?))
    }
}
