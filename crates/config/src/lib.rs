//! TOML to model: every mistake of every file at once.
//!
//! Each file is parsed with its places, checked and repaired against the JSON Schema of its raw type, read, and lowered
//! to the model with every reference resolved. A workspace loads whole or not at all.

mod diagnostic;
mod escape;
mod load;
mod lower;
mod nearest;
mod outline;
mod place;
mod plugin;
mod raw;
mod schema;
mod tree;
mod units;
mod walk;

pub use diagnostic::{Diagnostic, DiagnosticSeverity};
pub use load::{Loaded, Surroundings, load};
pub use nearest::nearest;
pub use outline::{Outline, outline};
pub use plugin::{PluginFault, PluginManual, PluginMetric, PluginParam};
pub use schema::{FileKind, json_schema, monitor_schema};
pub use units::{duration, percentage, size, time};
