//! Reads for people: the command line, the pages, the API.

mod asked;
mod counts;
mod handoffs;
mod history;
mod incidents;
mod remedies;
mod report;
mod ticks;
mod undelivered;
mod verdicts;

pub use asked::AskedStep;
pub use counts::{OpenCounts, OpenIncidents};
pub use handoffs::{FirstStep, Handoff, Notification};
pub use history::LedgerFilter;
pub use incidents::{Delivery, IncidentDetail, IncidentFilter, IncidentRecord, StepDetail};
pub use remedies::RemedyRate;
pub use ticks::Ticks;
pub use undelivered::{Undelivered, Waiting};
pub use verdicts::{LastVerdict, UnderWay};
