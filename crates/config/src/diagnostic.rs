//! A mistake in a file: what is wrong, where, and what would be right.

use std::{fmt, ops::Range, path::PathBuf, sync::Arc};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiagnosticSeverity {
    /// The workspace cannot be loaded.
    Error,
    /// It can, but a monitor in it can only end as `error`.
    Broken,
    /// It can, but probably does not do what its author wants.
    Warning,
}

impl DiagnosticSeverity {
    /// Whether something has to be put right; a warning may be meant.
    pub fn is_mistake(self) -> bool {
        self != Self::Warning
    }
}

/// One mistake, with everything a renderer needs to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What becomes of the workspace.
    pub severity: DiagnosticSeverity,
    /// What is wrong, one lower-case sentence.
    pub message: String,
    /// The file, relative to the workspace.
    pub path: PathBuf,
    /// The file's whole text; empty when it could not be read.
    pub source: Arc<str>,
    /// The bytes of `source` that are wrong.
    pub span: Range<usize>,
    /// What was expected there, to stand beside the caret; may be empty.
    pub label: String,
    /// How to put it right, when known.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Line and column of the first wrong character, both from 1; columns count characters.
    pub fn line_column(&self) -> (usize, usize) {
        watchkeeper_model::line_column(&self.source, self.span.start)
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `path:line:column: message (help)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}: {}", self.path.display(), self.message)?;
        if !self.label.is_empty() {
            write!(f, ": {}", self.label)?;
        }
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}
