//! Which files a source is made of just now, and how far each is whole.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use datafusion::object_store::{self, ObjectMeta, ObjectStoreExt};
use watchkeeper_engine::ports::frame::FrameFault;
use watchkeeper_model::{FileFormat, FilesSource};

use super::fence::Fence;
use super::format::told_by;
use super::location::Location;
use super::text::Packing;
use crate::fault::Why;

/// A text file that was written to within this time may end in the middle of a line.
const WRITING: Duration = Duration::from_secs(10);

/// The longest line that is looked for at a file's end.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// The files of a source as they were found; equal listings are equal data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listing {
    /// By path.
    pub(crate) files: Vec<File>,
    pub(crate) format: FileFormat,
}

/// A file as it was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct File {
    /// Path, size, time and tag.
    pub(crate) meta: ObjectMeta,
    /// Bytes that are read: without a last line that is still being written.
    pub(crate) end: u64,
    /// Whether somebody may be writing to it just now.
    pub(crate) growing: bool,
    /// Columns that its folders name, with this file's value of each.
    pub(crate) parts: Vec<(String, String)>,
}

impl Listing {
    /// Finds a source's files.
    pub(super) async fn take(source: &FilesSource, location: &Location, folders: &[PathBuf]) -> Result<Self, Why> {
        let mut files = location.list().await.map_err(|error| unlisted(location, &error))?;
        if source.format.is_none() && (files.len() > 1 || location.has_wildcards()) {
            files.retain(|file| told_by(file.location.as_ref()).is_some());
        }
        if files.is_empty() {
            return Err(Why::new(FrameFault::Missing, nothing_at(location)));
        }
        let format = match source.format {
            Some(format) => format,
            None => format_of(&files, location)?,
        };
        let (mut fence, mut whole) = (Fence::new(folders), Vec::with_capacity(files.len()));
        for meta in files {
            let is_packed = Packing::of(meta.location.as_ref()).0 != Packing::Plain;
            let growing = format != FileFormat::Parquet && !is_packed && location.is_local() && is_fresh(&meta);
            let end = if growing { end(&meta, location).await } else { meta.size };
            if location.is_local() {
                fence.refuse_outside(&meta).map_err(|what| Why::new(FrameFault::Refused, what))?;
            }
            let parts = location.parts(&meta);
            whole.push(File { meta, end, growing, parts });
        }
        Ok(Self { files: whole, format })
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.meta.size).sum()
    }

    /// The first of its files that is not what it was, among those there are now.
    pub(crate) fn moved_in<'a>(&'a self, now: &Self) -> Option<&'a ObjectMeta> {
        let still = |file: &File| {
            let same = now.files.iter().find(|other| other.meta.location == file.meta.location);
            same.is_some_and(|same| file.is_beginning_of(&same.meta))
        };
        self.files.iter().find(|file| !still(file)).map(|file| &file.meta)
    }
}

impl File {
    /// Whether the file is the same still, or the same with more at its end, as logs grow.
    pub(super) fn is_beginning_of(&self, now: &ObjectMeta) -> bool {
        if self.meta.e_tag.is_none() || now.e_tag.is_none() {
            // A listing and an answer need not tell parts of seconds alike.
            let seconds = |meta: &ObjectMeta| meta.last_modified.timestamp();
            return self.meta.size == now.size && seconds(&self.meta) == seconds(now);
        }
        let grown = || now.size > self.meta.size && node(&self.meta).is_some_and(|it| node(now) == Some(it));
        self.meta.e_tag == now.e_tag || grown()
    }
}

/// What a local file's tag begins with: its place on the disk, which a file that replaces it does not have.
fn node(meta: &ObjectMeta) -> Option<&str> {
    let parts: Vec<&str> = meta.e_tag.as_deref()?.split('-').collect();
    let hexadecimal = parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_hexdigit()));
    (parts.len() == 3 && hexadecimal).then(|| parts[0])
}

/// How far a text file that somebody may be writing to is whole. One that is a while old ends where it ends, with or
/// without a line's end.
async fn end(meta: &ObjectMeta, location: &Location) -> u64 {
    let from = meta.size.saturating_sub(LINE_BYTES_MAX);
    // A file that cannot be read is told by its reader.
    let Ok(tail) = location.store.get_range(&meta.location, from..meta.size).await else { return meta.size };
    let last = tail.iter().rposition(|byte| *byte == b'\n');
    // A line end of UTF-16 takes two bytes.
    let width = |place: usize| if tail.get(place + 1) == Some(&0) { 2 } else { 1 };
    last.map_or(from, |place| from + (place + width(place)) as u64)
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether somebody writes to a file just now is told by the clock of its disk"
)]
fn is_fresh(meta: &ObjectMeta) -> bool {
    let age = SystemTime::now().duration_since(SystemTime::from(meta.last_modified));
    age.map_or(true, |age| age < WRITING)
}

fn unlisted(location: &Location, error: &object_store::Error) -> Why {
    let fault = match error {
        object_store::Error::NotFound { .. } => FrameFault::Missing,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            FrameFault::Refused
        }
        _ => FrameFault::Unreachable,
    };
    Why::new(fault, format!("cannot list {}: {error}", location.shown))
}

fn nothing_at(location: &Location) -> String {
    if location.has_wildcards() {
        format!("no file matches {}; check its `path`", location.shown)
    } else {
        format!("there is no file or filled folder at {}; check its `path`", location.shown)
    }
}

fn format_of(files: &[ObjectMeta], location: &Location) -> Result<FileFormat, String> {
    let told: Option<Vec<FileFormat>> = files.iter().map(|file| told_by(file.location.as_ref())).collect();
    let Some(told) = told else {
        return Err(format!(
            "cannot tell the format of {}; name it .csv, .tsv, .parquet, .jsonl, .ndjson or .log, or set `format`",
            location.shown
        ));
    };
    let kinds: BTreeSet<&str> = files.iter().filter_map(|file| file.location.extension()).collect();
    match told.first() {
        Some(first) if told.iter().all(|format| format == first) => Ok(*first),
        _ => Err(format!(
            "{} holds files of several formats ({}); narrow its `path`, as in `*.csv`",
            location.shown,
            kinds.into_iter().collect::<Vec<_>>().join(", ")
        )),
    }
}
