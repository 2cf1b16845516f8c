//! Links lead no further than the folders that may be read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use datafusion::object_store::ObjectMeta;
use datafusion::object_store::local::LocalFileSystem;

/// The folders that local files may lie in, without links.
pub(super) struct Fence<'a> {
    folders: &'a [PathBuf],
    store: LocalFileSystem,
    /// Where the folders that were looked at really are: most files of a listing share a few.
    real: BTreeMap<PathBuf, Option<PathBuf>>,
}

impl<'a> Fence<'a> {
    pub(super) fn new(folders: &'a [PathBuf]) -> Self {
        Self { folders, store: LocalFileSystem::new(), real: BTreeMap::new() }
    }

    /// Refuses a file that a link leads out. What is gone by now is told by whoever reads it.
    pub(super) fn refuse_outside(&mut self, file: &ObjectMeta) -> Result<(), String> {
        let path = self.store.path_to_filesystem(&file.location).map_err(|error| error.to_string())?;
        let is_link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
        let real = match path.parent().filter(|_| !is_link) {
            Some(folder) => self.real.entry(folder.to_owned()).or_insert_with(|| fs::canonicalize(folder).ok()).clone(),
            None => fs::canonicalize(&path).ok(),
        };
        let Some(real) = real.filter(|real| !self.folders.iter().any(|folder| real.starts_with(folder))) else {
            return Ok(());
        };
        let folder = if is_link { real.parent().unwrap_or_else(|| Path::new("/")) } else { &real };
        Err(format!(
            "{} leads to {}, outside the workspace; add \"{}\" to [allow] folders in watchkeeper.toml",
            path.display(),
            real.display(),
            folder.display()
        ))
    }
}
