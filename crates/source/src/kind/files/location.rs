//! Where a source's files are: a path or URL with `*` and `?`, resolved to an object store and listed.

use std::path::Path;
use std::sync::Arc;

use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::path::Path as ObjectPath;
use datafusion::object_store::{self, ObjectMeta, ObjectStore, ObjectStoreExt};
use futures::TryStreamExt;
use percent_encoding::percent_decode_str;
use url::Url;
use watchkeeper_model::normalized;

/// The schemes that need the cargo feature `cloud`.
const CLOUD_SCHEMES: [&str; 11] = ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss", "http", "https", "r2"];

/// The environment variables that object stores are configured by.
const STORE_VARIABLES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// A place in an object store; the local disk is one.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    /// The store that holds the files.
    pub(crate) store: Arc<dyn ObjectStore>,
    /// What people call it.
    pub(crate) shown: String,
    /// What a path in the store starts with when shown to people.
    root: String,
    /// The file, or the folder above the first wildcard.
    base: ObjectPath,
    /// The wildcard segments under the base; empty for a file or a folder.
    wildcards: Vec<String>,
}

impl Location {
    /// Resolves a path relative to the workspace, an absolute path, or a URL.
    pub(crate) fn resolve(workspace: &Path, path: &str) -> Result<Self, String> {
        match Url::parse(path) {
            Ok(url) if url.scheme() == "file" => {
                let local = url.to_file_path().map_err(|()| format!("`{path}` is not a path on this machine"))?;
                Self::local(&local)
            }
            Ok(url) if path.contains("://") => Self::remote(&url, path),
            _ => Self::local(&workspace.join(path)),
        }
    }

    fn local(path: &Path) -> Result<Self, String> {
        let path =
            normalized(&std::path::absolute(path).map_err(|error| format!("cannot find {}: {error}", path.display()))?);
        let (base, wildcards) = split(&path.to_string_lossy());
        let base =
            ObjectPath::from_absolute_path(base).map_err(|error| format!("cannot use {}: {error}", path.display()))?;
        let store = Arc::new(LocalFileSystem::new());
        Ok(Self { store, shown: path.display().to_string(), root: "/".to_owned(), base, wildcards })
    }

    fn remote(url: &Url, path: &str) -> Result<Self, String> {
        if !CLOUD_SCHEMES.contains(&url.scheme()) {
            return Err(format!(
                "`{path}` has the unknown scheme `{}`; use a path, s3://, gs://, az://, https:// or file://",
                url.scheme()
            ));
        }
        if !cfg!(feature = "cloud") {
            return Err(format!(
                "`{path}` is in an object store, which this build cannot read; build with the cargo feature `cloud`"
            ));
        }
        // Only behind http a question mark begins a query; object stores have it in names.
        let whole = path.split_once("://").and_then(|(_, rest)| rest.find('/').map(|slash| rest[slash..].to_owned()));
        let whole = whole.filter(|_| !url.scheme().starts_with("http")).unwrap_or_else(|| url.path().to_owned());
        let (base, wildcards) = split(&whole);
        let mut base_url = url.clone();
        base_url.set_path(&base);
        base_url.set_query(url.query().filter(|_| url.scheme().starts_with("http")));
        base_url.set_fragment(None);
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| STORE_VARIABLES.iter().any(|prefix| name.starts_with(prefix)));
        let (store, base) = object_store::parse_url_opts(&base_url, variables)
            .map_err(|error| format!("cannot use `{path}`: {error}"))?;
        let root = format!("{}://{}/", url.scheme(), url.host_str().unwrap_or_default());
        Ok(Self { store: store.into(), shown: path.to_owned(), root, base, wildcards })
    }

    /// A file's path as people write it.
    pub(crate) fn show(&self, file: &ObjectMeta) -> String {
        format!("{}{}", self.root, file.location)
    }

    /// Whether the files are on this machine's disks.
    pub(crate) fn is_local(&self) -> bool {
        self.root == "/"
    }

    /// Whether the path names many files by wildcards.
    pub(crate) fn has_wildcards(&self) -> bool {
        !self.wildcards.is_empty()
    }

    /// The file itself, the files in and under the folder, or those that match; by path. Hidden files are left out of
    /// folders.
    pub(crate) async fn list(&self) -> Result<Vec<ObjectMeta>, object_store::Error> {
        let mut files = match self.wildcards.len() {
            0 => match self.store.head(&self.base).await {
                Ok(file) => return Ok(vec![file]),
                Err(object_store::Error::NotFound { .. }) => self.beneath().await?,
                Err(error) => return Err(error),
            },
            1 => self.store.list_with_delimiter(Some(&self.base)).await?.objects,
            _ => self.beneath().await?,
        };
        files.retain(|file| self.holds(&file.location));
        files.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(files)
    }

    async fn beneath(&self) -> Result<Vec<ObjectMeta>, object_store::Error> {
        self.store.list(Some(&self.base)).try_collect().await
    }

    fn holds(&self, path: &ObjectPath) -> bool {
        let Some(segments) = path.prefix_match(&self.base) else { return false };
        let segments: Vec<_> = segments.map(|segment| segment.as_ref().to_owned()).collect();
        if self.wildcards.is_empty() {
            return !segments.iter().any(|segment| segment.starts_with(['.', '_']));
        }
        segments.len() == self.wildcards.len()
            && self
                .wildcards
                .iter()
                .zip(&segments)
                .all(|(pattern, text)| is_shown(pattern, text) && matches(pattern, text))
    }

    /// What the folders between the base and a file say of its rows: `dt=2026-11-25/` is the column `dt`.
    pub(crate) fn parts(&self, file: &ObjectMeta) -> Vec<(String, String)> {
        let Some(segments) = file.location.prefix_match(&self.base) else { return Vec::new() };
        let mut segments: Vec<String> = segments.map(|segment| segment.as_ref().to_owned()).collect();
        segments.pop();
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let part = |segment: &String| {
            let (key, value) = segment.split_once('=').filter(|(key, _)| !key.is_empty())?;
            Some((decoded(key), decoded(value)))
        };
        segments.iter().filter_map(part).collect()
    }
}

/// The part of a path above its first wildcard segment, and the segments from there.
fn split(path: &str) -> (String, Vec<String>) {
    let segments: Vec<&str> = path.split('/').collect();
    let first = segments.iter().position(|segment| segment.contains(['*', '?'])).unwrap_or(segments.len());
    let base = segments[..first].join("/");
    let base = if base.is_empty() { "/".to_owned() } else { base };
    (base, segments[first..].iter().map(|segment| (*segment).to_owned()).collect())
}

/// Whether a name is not one of those that writers hide, such as `_SUCCESS` and `.part.crc`, or is asked for as such.
fn is_shown(pattern: &str, text: &str) -> bool {
    !text.starts_with(['.', '_']) || pattern.starts_with(&text[..1])
}

/// Whether a text matches a pattern in which `*` stands for any run of characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| matches(rest.as_str(), &text[at..]))
        }
        Some(wanted) => {
            let mut found = text.chars();
            found.next().is_some_and(|c| wanted == '?' || wanted == c) && matches(rest.as_str(), found.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_within_a_segment() {
        assert!(matches("*.csv", "a.csv"));
        assert!(matches("2024-??-*.csv", "2024-01-05.csv"));
        assert!(!matches("*.csv", "a.parquet"));
        assert!(!matches("?", ""));
        assert!(is_shown("*.csv", "a.csv") && !is_shown("*.csv", "_a.csv") && is_shown("_*.csv", "_a.csv"));
        assert_eq!(split("/a/b*/c.csv"), ("/a".to_owned(), vec!["b*".to_owned(), "c.csv".to_owned()]));
    }

    #[test]
    #[cfg(not(feature = "cloud"))]
    fn a_cloud_url_names_the_feature_it_needs() {
        let error = Location::resolve(Path::new("/w"), "s3://bucket/a.parquet").expect_err("no cloud");
        assert!(error.contains("cargo feature `cloud`"), "{error}");
        let error = Location::resolve(Path::new("/w"), "ftp://host/a.csv").expect_err("unknown");
        assert!(error.contains("unknown scheme `ftp`"), "{error}");
    }
}
