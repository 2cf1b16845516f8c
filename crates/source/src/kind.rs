//! The kinds of sources, one file each: what a source is now, its rows, and what its data is known by unread.

mod files;
mod http;
mod prometheus;
mod view;

use std::path::Path;
use std::sync::Arc;

use watchkeeper_model::{DatabaseSource, SourceKind};
use watchkeeper_secret::SecretReader;

use crate::kept::{Budget, Kept};

pub use files::Understood;
pub(crate) use files::{FileMoved, Files, Lines, Listing, Misreading, Timed};
pub(crate) use http::Http;
pub(crate) use prometheus::Prometheus;
pub(crate) use view::View;

/// A source by its kind.
#[derive(Debug)]
pub(crate) enum Kind {
    Files(Files),
    View(View),
    Database(DatabaseSource),
    Prometheus(Prometheus),
    Http(Http),
}

impl Kind {
    /// A source of a workspace; nothing is opened yet.
    pub(crate) fn of(kind: SourceKind, workspace: &Path, secrets: &SecretReader, budget: &Arc<Budget>) -> Self {
        let kept = || Kept::new(budget);
        match kind {
            SourceKind::Files(source) => Self::Files(Files::new(source, workspace.to_owned(), kept())),
            SourceKind::View(source) => Self::View(View::new(source, kept())),
            SourceKind::Database(source) => Self::Database(source),
            SourceKind::Prometheus(source) => Self::Prometheus(Prometheus::new(source, secrets.clone())),
            SourceKind::Http(source) => Self::Http(Http::new(source, secrets.clone(), kept())),
        }
    }
}
