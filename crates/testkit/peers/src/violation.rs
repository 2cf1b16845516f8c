//! What is said when an exchange is not as documented.

use std::fmt;

/// One place that differs from the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The document's file name.
    pub document: String,
    /// For example `POST /rest/api/3/issue`; the request's own line where no operation fits.
    pub operation: String,
    /// For example `request body`, `query` or `answer 201`.
    pub part: String,
    /// The JSON pointer, or the parameter's name; empty for the whole.
    pub place: String,
    /// What was expected, and what was found.
    pub expected: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, operation, part, place, expected } = self;
        write!(f, "{document}: {operation}: {part}")?;
        if !place.is_empty() {
            write!(f, " at `{place}`")?;
        }
        write!(f, ": {expected}")
    }
}
