//! What keeps an author from going on, with what to do about it.

use std::{io, path::Path};

/// What is wrong, and what to do where that is known.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    what: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn read(path: &Path, error: &io::Error) -> Self {
        Self::new(format!("cannot read {}: {error}", path.display()))
    }

    pub(crate) fn write(path: &Path, error: &io::Error) -> Self {
        Self::new(format!("cannot write {}: {error}", path.display()))
    }
}
