//! Where the workspace is.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// The file that makes a folder a workspace.
pub(crate) const MARK: &str = "config/watchkeeper.toml";

/// The folder given, or the nearest one upward from the current folder that has the mark.
pub(crate) fn find(given: Option<&Path>) -> Result<PathBuf, Failure> {
    match given {
        Some(folder) if folder.join(MARK).exists() => Ok(folder.to_owned()),
        Some(folder) => Err(no_workspace(&format!("{} has no {MARK}", folder.display()))),
        None => {
            let current = env::current_dir().map_err(Failure::internal)?;
            let missing = || no_workspace(&format!("no folder from {} upward has {MARK}", current.display()));
            nearest(&current).map(Path::to_owned).ok_or_else(missing)
        }
    }
}

fn nearest(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(MARK).exists())
}

fn no_workspace(message: &str) -> Failure {
    Failure::usage(message).hint("name one with --workspace DIR, or make one with `watchkeeper init DIR`")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_nearest_folder_upward_is_found() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("teams/loans");
        let deep = inner.join("config/monitors");
        for folder in [outer.path(), &inner] {
            fs::create_dir_all(folder.join("config")).unwrap();
            fs::write(folder.join(MARK), "").unwrap();
        }
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(nearest(&deep), Some(inner.as_path()));
        assert_eq!(nearest(&outer.path().join("teams")), Some(outer.path()));
    }

    #[test]
    fn a_given_folder_must_be_a_workspace() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(Some(folder.path())).is_err());
        fs::create_dir(folder.path().join("config")).unwrap();
        fs::write(folder.path().join(MARK), "").unwrap();
        assert_eq!(find(Some(folder.path())).unwrap(), folder.path());
    }
}
