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
use watchkeeper_model::{DatabaseSource, FilesSource, HttpSource, Name, Source, SourceKind, ViewSource};
use watchkeeper_secret::SecretReader;

use crate::caught::{CaughtFrame, caught};
use crate::database::{Database, DatabaseFrame, Opened, join_in_database};
use crate::fault::{fault, nearest};
use crate::frame::SourceFrame;
use crate::location::Location;
use crate::rows::Rows;
use crate::session::Sessions;
use crate::shape::Shape;
use crate::table::{Stamp, Table};
use crate::{files, http, prometheus, view};

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
    secrets: SecretReader,
    entries: BTreeMap<Name, Entry>,
    sessions: Arc<Sessions>,
}

#[derive(Debug)]
struct Entry {
    source: Source,
    location: OnceLock<Location>,
    /// Of a source in a database.
    database: OnceLock<Database>,
    /// Locked while it is read, so that two opens at once read it once.
    table: Mutex<Option<Arc<Table>>>,
}

impl DataSources {
    /// The sources of a workspace folder. Nothing is read until one is opened.
    pub fn new(workspace: &Path, sources: BTreeMap<Name, Source>) -> Self {
        let entry =
            |source| Entry { source, location: OnceLock::new(), database: OnceLock::new(), table: Mutex::new(None) };
        Self {
            workspace: workspace.to_owned(),
            secrets: SecretReader::new(workspace),
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
                SourceKind::Http(source) => self.document(name, entry, source).await,
                SourceKind::Database(_) => Err(fault(name.as_str(), "rows of a database stay there")),
                SourceKind::Prometheus(_) => Err(fault(
                    name.as_str(),
                    "a view cannot read it, because what Prometheus gives depends on the window; ask in PromQL",
                )),
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
        let stamp = Arc::new(Stamp { files: listing.files, ..Stamp::default() });
        let bytes_max = self.bytes_max(&stamp);
        let table = Table::read(name.as_str(), entry.source.time_column.as_deref(), stamp, plan, bytes_max).await?;
        Ok(Arc::clone(kept.insert(Arc::new(table))))
    }

    /// The document as it is now; read anew only when its text has changed.
    async fn document(&self, name: &Name, entry: &Entry, source: &HttpSource) -> Result<Arc<Table>, FrameError> {
        let text = http::fetch(name.as_str(), source, &self.secrets).await?;
        let mut kept = entry.table.lock().await;
        if let Some(table) = kept.as_ref().filter(|table| table.stamp.document.as_ref() == Some(&text)) {
            return Ok(Arc::clone(table));
        }
        let rows = http::rows(name.as_str(), source, &text)?;
        let stamp = Arc::new(Stamp { document: Some(text), ..Stamp::default() });
        let table = Table::of_rows(name.as_str(), entry.source.time_column.as_deref(), stamp, rows)?;
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
        let inputs_stamps = inputs.iter().map(|(_, table)| Arc::clone(&table.stamp)).collect();
        let stamp = Arc::new(Stamp { inputs: inputs_stamps, ..Stamp::default() });
        let mut kept = entry.table.lock().await;
        if let Some(table) = kept.as_ref().filter(|table| table.stamp == stamp) {
            return Ok(Arc::clone(table));
        }
        let plan = view::plan(name.as_str(), view, &inputs, &self.sessions).await?;
        let bytes_max = self.bytes_max(&stamp);
        let table = Table::read(name.as_str(), entry.source.time_column.as_deref(), stamp, plan, bytes_max).await?;
        Ok(Arc::clone(kept.insert(Arc::new(table))))
    }

    /// The source within its database, if it has one; a view has the one that all its inputs have.
    fn in_database<'a>(
        &'a self,
        name: &'a Name,
        above: Vec<&'a Name>,
    ) -> BoxFuture<'a, Result<Option<Opened>, FrameError>> {
        async move {
            let entry = self.entry(name)?;
            let time = entry.source.time_column.as_deref();
            match &entry.source.kind {
                SourceKind::Files(_) | SourceKind::Prometheus(_) | SourceKind::Http(_) => Ok(None),
                SourceKind::View(view) if above.contains(&name) => Err(in_a_circle(name, view)),
                SourceKind::View(view) => self.view_in_database(name, time, view, above).await,
                SourceKind::Database(source) => {
                    let database = self.database(name, entry, source);
                    Opened::source(name.as_str(), time, source, database).await.map(Some)
                }
            }
        }
        .boxed()
    }

    async fn view_in_database<'a>(
        &'a self,
        name: &'a Name,
        time_column: Option<&str>,
        view: &'a ViewSource,
        mut above: Vec<&'a Name>,
    ) -> Result<Option<Opened>, FrameError> {
        above.push(name);
        let (mut inside, mut outside) = (Vec::<(&Name, Opened)>::new(), Vec::new());
        for input in &view.inputs {
            match self.in_database(input, above.clone()).await? {
                Some(opened) => inside.push((input, opened)),
                None => outside.push(input),
            }
        }
        let Some((first, opened)) = inside.first() else { return Ok(None) };
        let elsewhere = inside.iter().find(|(_, other)| !other.database.is_same_place(&opened.database));
        if let Some(other) = elsewhere.map(|(name, _)| *name).or_else(|| outside.first().copied()) {
            return Err(apart(name, first, other));
        }
        join_in_database(name.as_str(), time_column, view, &inside, &self.sessions).await.map(Some)
    }

    async fn opened(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        if let Some(opened) = self.in_database(source, Vec::new()).await? {
            return Ok(Arc::new(DatabaseFrame::new(opened, span, Arc::clone(&self.sessions))?));
        }
        if let SourceKind::Prometheus(asked) = &self.entry(source)?.source.kind {
            let rows = prometheus::rows(source.as_str(), asked, span, &self.secrets).await?;
            let shape = Arc::new(Shape::new(source.as_str(), rows.schema(), Some(prometheus::TIME))?);
            return Ok(Arc::new(SourceFrame::new(shape, Rows::Memory(rows), Arc::clone(&self.sessions))));
        }
        let table = self.table(source, Vec::new()).await?;
        let rows = table.cut(span)?;
        Ok(Arc::new(SourceFrame::new(Arc::clone(&table.shape), rows, Arc::clone(&self.sessions))))
    }

    fn database<'a>(&self, name: &Name, entry: &'a Entry, source: &DatabaseSource) -> &'a Database {
        entry.database.get_or_init(|| Database::new(name.as_str(), source, &self.workspace))
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

/// Rows of a database are never fetched to be joined here.
fn apart(name: &Name, one: &Name, other: &Name) -> FrameError {
    fault(
        name.as_str(),
        format!(
            "its SQL joins `{one}`, which is in a database, with `{other}`, which is not in the same one; bring both \
             into one place, or give both sources the same `url`"
        ),
    )
}

#[async_trait]
impl Sources for DataSources {
    async fn open(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        let inner = caught(source.as_str(), self.opened(source, span)).await?;
        Ok(Arc::new(CaughtFrame { source: Arc::from(source.as_str()), inner }))
    }

    async fn identity(&self, source: &Name) -> Result<Option<String>, FrameError> {
        caught(source.as_str(), self.identified(source, Vec::new())).await
    }
}
