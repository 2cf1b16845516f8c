//! Reads for people: the command line, the pages, the API.

mod handoffs;
mod incidents;
mod undelivered;
mod verdicts;

pub use handoffs::{FirstStep, Handoff, Notification};
pub use incidents::{Delivery, IncidentDetail, IncidentFilter, IncidentRecord, StepDetail};
pub use undelivered::Undelivered;
pub use verdicts::{LastVerdict, UnderWay};
