//! Reads for people: the command line, the pages, the API.

mod find;
mod handoffs;
mod incidents;
mod undelivered;
mod verdicts;

pub(crate) use find::{find_incident, find_run};
pub use handoffs::{FirstStep, Handoff, Notification};
pub use incidents::{Delivery, IncidentDetail, IncidentFilter, IncidentRecord, StepDetail};
pub use undelivered::Undelivered;
pub use verdicts::{LastVerdict, UnderWay};
