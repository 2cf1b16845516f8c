//! The kind `files`: files of one format, local or in an object store.

mod era;
mod format;
mod learn;
mod lines;
mod listed;
mod listing;
mod location;
mod text;
mod timed;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use datafusion::object_store::path::Path as ObjectPath;
use tokio::sync::Mutex;
use watchkeeper_engine::ports::frame::{FrameError, FrameFault, Span};
use watchkeeper_model::{FilesSource, digest_of};

use crate::fault::malformed;
use crate::kept::Kept;
use crate::session::Sessions;
use crate::table::{Stamp, Table};
use era::{Eras, Place};
use learn::Known;
use location::Location;

pub(crate) use format::settle;
pub(crate) use lines::Lines;
pub(crate) use listed::FileMoved;
pub(crate) use listing::{File, Listing};
pub(crate) use text::Misreading;
pub(crate) use timed::Timed;

/// A file may change while it is read; after so many tries it is said.
const TRIES_MAX: usize = 3;

/// The files of a source.
#[derive(Debug)]
pub(crate) struct Files {
    source: FilesSource,
    workspace: PathBuf,
    location: OnceLock<Location>,
    /// What was learned of each file, as long as it stays as it was.
    known: Mutex<BTreeMap<ObjectPath, Known>>,
    kept: Kept,
}

impl Files {
    pub(crate) fn new(source: FilesSource, workspace: PathBuf, kept: Kept) -> Self {
        Self { source, workspace, location: OnceLock::new(), known: Mutex::default(), kept }
    }

    /// The files as they are now.
    pub(crate) async fn stamp(&self, name: &str) -> Result<Listing, FrameError> {
        Listing::take(&self.source, self.location(name)?).await.map_err(|why| why.of(name))
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

    fn location(&self, name: &str) -> Result<&Location, FrameError> {
        if let Some(location) = self.location.get() {
            return Ok(location);
        }
        let location = Location::resolve(&self.workspace, &self.source.path).map_err(|what| malformed(name, what))?;
        Ok(self.location.get_or_init(|| location))
    }
}
