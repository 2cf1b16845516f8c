//! Rendering: the one place where anything reaches a terminal.

pub(crate) mod baseline;
pub(crate) mod chart;
pub(crate) mod diagnostics;
pub(crate) mod error;
pub(crate) mod evaluation;
pub(crate) mod json;
pub(crate) mod manual;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod text;
