//! The files as they are written. These types are the single source of structure: what is read, what is checked and
//! what editors complete all come from them.

pub(crate) mod channel;
pub(crate) mod leaf;
pub(crate) mod monitor;
pub(crate) mod runbook;
pub(crate) mod sources;
pub(crate) mod step;
pub(crate) mod watchkeeper;
