//! Validates exchanges with peers against the API documents that the peers' vendors publish.

mod answer;
mod body;
mod document;
mod exchange;
mod operation;
mod parameters;
mod vendor;
mod violation;

pub use document::Document;
pub use exchange::{Answer, Exchange};
pub use vendor::Vendor;
pub use violation::Violation;
