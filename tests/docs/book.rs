//! The book's files, and the binary that they speak of.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The repository's folder.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie in the repository").to_path_buf()
}

/// The folder of the pages.
pub(crate) fn pages() -> PathBuf {
    repository().join("docs/src")
}

/// The names of the checks that have a page, in order.
pub(crate) fn checks() -> Vec<String> {
    let mut names: Vec<String> = markdown(&pages().join("checks")).iter().map(|page| stem(page)).collect();
    names.sort();
    assert!(!names.is_empty(), "checks have pages");
    names
}

/// Where a check's page lies.
pub(crate) fn page(check: &str) -> PathBuf {
    pages().join("checks").join(format!("{check}.md"))
}

/// Every page in a folder and below it.
pub(crate) fn markdown(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of pages");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    let pages = files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "md"));
    pages.chain(folders.iter().flat_map(|folder| markdown(folder))).collect()
}

/// A file's text.
pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// What stands under a heading of the second level, without the blank lines around it.
pub(crate) fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, after) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_default();
    after.split("\n## ").next().unwrap_or_default().trim()
}

/// The binary that `cargo xtask test` builds before the tests run: it lies beside this test's own folder.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/debug/deps");
    let binary = folder.join("watchkeeper");
    assert!(binary.exists(), "{} is missing: run `cargo build --workspace --all-targets`", binary.display());
    binary
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a page has a name").to_string_lossy().into_owned()
}
