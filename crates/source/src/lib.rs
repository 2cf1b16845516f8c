//! Named sources to frames, on DataFusion: windows, views, many aggregates in one scan, chunked reads.
//!
//! The same files give the same answers, bit for bit: rows have one order (see [`DataSources`]), scans are split
//! into a fixed number of parts whose results are joined in order, and SQL has no clock and no randomness.

mod aggregate;
mod caught;
mod cells;
mod chunks;
mod cut;
mod database;
mod fault;
mod footer;
mod frame;
mod kept;
mod kind;
mod memory;
mod moment;
mod recording;
mod rows;
mod session;
mod shape;
mod sources;
mod sql;
mod table;
mod time;
mod web;

pub use kind::Understood;
pub use recording::record;
pub use sources::DataSources;
