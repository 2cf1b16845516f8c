//! The kind `files`: files of one format, local or in an object store.

mod era;
mod fence;
mod format;
mod learn;
mod lines;
mod listed;
mod listing;
mod location;
mod parts;
mod text;
mod timed;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use datafusion::arrow::datatypes::FieldRef;
use datafusion::object_store::path::Path as ObjectPath;
use tokio::sync::Mutex;
use watchkeeper_engine::ports::frame::{FrameError, FrameFault, Span};
use watchkeeper_model::{FilesSource, digest_of};

use crate::fault::{Why, malformed, reason};
use crate::kept::Kept;
use crate::session::Sessions;
use crate::shape::{kind_of, word};
use crate::table::{Stamp, Table};
use era::{Eras, Place};
use learn::Known;
use listed::Listed;
use location::Location;
use text::TextFile;

pub(crate) use format::settle;
pub(crate) use lines::Lines;
pub(crate) use listed::FileMoved;
pub(crate) use listing::{File, Listing};
pub(crate) use text::{Misreading, said};
pub(crate) use timed::Timed;

/// A file may change while it is read; after so many tries it is said.
const TRIES_MAX: usize = 3;

/// Rows that are looked at to tell how a file is understood.
const ROWS_LOOKED_AT: u64 = 10_000;

/// How a text file of a source was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// The newest file's path.
    pub file: String,
    /// How many files there are.
    pub files: usize,
    /// As in `delimiter `;`, a header, decimal comma, UTF-8`.
    pub how: String,
    /// The columns, in order, with their kinds.
    pub columns: Vec<(String, &'static str)>,
}

/// The files of a source.
#[derive(Debug)]
pub(crate) struct Files {
    source: FilesSource,
    workspace: PathBuf,
    location: OnceLock<Location>,
    folders: OnceLock<Vec<PathBuf>>,
    /// What was learned of each file, as long as it stays as it was.
    known: Mutex<BTreeMap<ObjectPath, Known>>,
    kept: Kept,
}

impl Files {
    pub(crate) fn new(source: FilesSource, workspace: PathBuf, kept: Kept) -> Self {
        Self { source, workspace, location: OnceLock::new(), folders: OnceLock::new(), known: Mutex::default(), kept }
    }

    /// The files as they are now.
    pub(crate) async fn stamp(&self, name: &str) -> Result<Listing, FrameError> {
        Listing::take(&self.source, self.location(name)?, self.folders()).await.map_err(|why| why.of(name))
    }

    /// How its newest text file was understood; none of files that say it themselves.
    pub(crate) async fn understood(&self, name: &str) -> Result<Option<Understood>, FrameError> {
        let (listing, location) = (self.stamp(name).await?, self.location(name)?);
        let newest = listing.files.iter().max_by_key(|file| file.meta.last_modified);
        let Some(file) = newest.filter(|_| format::is_text(listing.format)) else { return Ok(None) };
        let (store, shown) = (Listed::new(Arc::clone(&location.store), &listing.files), location.show(&file.meta));
        let learned = TextFile::learn(&store, file, listing.format, &self.source, ROWS_LOOKED_AT).await;
        let (text, schema) = learned.map_err(|error| Why::from(reason(&error.of(&shown))).of(name))?;
        let column = |field: &FieldRef| (field.name().clone(), word(kind_of(field.data_type())));
        Ok(Some(Understood {
            file: shown,
            files: listing.files.len(),
            how: text.told(),
            columns: settle(listing.format, schema.as_ref().clone()).fields().iter().map(column).collect(),
        }))
    }

    /// What its data is known by without reading it: its files' paths, sizes, times and tags.
    pub(crate) async fn identity(&self, name: &str) -> Result<String, FrameError> {
        let listing = self.stamp(name).await?;
        let files: Vec<String> = listing.files.iter().map(|file| format!("{:?}", file.meta)).collect();
        Ok(digest_of(&files.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    /// The rows, with the columns that the newest file of the span has.
    pub(crate) async fn read(
        &self,
        name: &str,
        time_column: Option<&str>,
        span: Span,
        sessions: &Sessions,
    ) -> Result<Arc<Table>, FrameError> {
        let place = Place { name, location: self.location(name)?, sessions, known: &self.known };
        let mut tries = 1;
        loop {
            match self.try_read(place, time_column, span).await {
                Err(error) if error.fault == FrameFault::Moved && tries < TRIES_MAX => tries += 1,
                read => return read,
            }
        }
    }

    async fn try_read(
        &self,
        place: Place<'_>,
        time_column: Option<&str>,
        span: Span,
    ) -> Result<Arc<Table>, FrameError> {
        let Place { name, location, sessions, known } = place;
        let listing = self.stamp(name).await?;
        let learned =
            learn::all(&listing, location, sessions, &self.source, known).await.map_err(|why| why.of(name))?;
        let eras = Eras::of(place, &listing, learned);
        let columns = eras.schema(eras.last_in(time_column, span).await?);
        let stamp = Stamp { listing: Some(listing.clone()), columns: Some(Arc::clone(&columns)), ..Stamp::default() };
        let read = async |stamp: Arc<Stamp>| {
            let plan = eras.plan(&columns).map_err(|why| why.of(name))?;
            let bytes_max = sessions.bytes_max(&stamp);
            let table =
                Table::read(name, time_column, stamp, plan, bytes_max, Lines::of(&listing, location, &eras.texts))
                    .await?;
            let timed = eras.timed(&columns, time_column).map_err(|why| why.of(name))?;
            Ok(table.with_footers(eras.footer(&columns), timed))
        };
        self.kept.or_read(stamp, read).await
    }

    /// Where its local files may lie, without links.
    fn folders(&self) -> &[PathBuf] {
        self.folders.get_or_init(|| {
            let real = |folder: &PathBuf| std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
            [&self.workspace].into_iter().chain(&self.source.folders).map(real).collect()
        })
    }

    fn location(&self, name: &str) -> Result<&Location, FrameError> {
        if let Some(location) = self.location.get() {
            return Ok(location);
        }
        let location = Location::resolve(&self.workspace, &self.source.path).map_err(|what| malformed(name, what))?;
        Ok(self.location.get_or_init(|| location))
    }
}
