//! Whether files are still what they were when they were read, told without reading them again.
//!
//! A stamp that fails to change costs nothing but the change: what runs is what was read, compared and compiled then.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// What some files were when they were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<(PathBuf, Option<Seen>)>);

/// Device, inode, size, and the times of the last change of bytes and of anything.
type Seen = (u64, u64, u64, (i64, i64), (i64, i64));

impl Stamp {
    /// Looks at the files; to be taken before they are read.
    pub(crate) fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(
            paths
                .into_iter()
                .map(|path| {
                    let seen = seen(&path);
                    (path, seen)
                })
                .collect(),
        )
    }

    /// Whether nothing changed since.
    pub(crate) fn holds(&self) -> bool {
        self.0.iter().all(|(path, before)| seen(path) == *before)
    }
}

fn seen(path: &Path) -> Option<Seen> {
    let found = fs::metadata(path).ok()?;
    let (bytes, anything) = ((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec()));
    Some((found.dev(), found.ino(), found.size(), bytes, anything))
}
