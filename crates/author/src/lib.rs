//! What plugin authors need: a project to begin with, components built from it, and cases to test them by.
//!
//! Nothing here runs a component: what is built and what is expected of it are files, and the host is elsewhere.

pub mod build;
mod case;
mod component;
mod difference;
mod fault;
mod language;
mod project;
mod scaffold;

pub use case::{Budget, Case, Ending, Expected, Rows, cases};
pub use component::{encode, imports};
pub use difference::{Difference, differences};
pub use fault::Fault;
pub use language::Language;
pub use project::Project;
pub use scaffold::{preparation, scaffold};
