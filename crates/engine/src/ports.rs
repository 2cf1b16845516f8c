//! The ports: everything the engine asks of the outside, each with a real and a test implementation.

pub mod action;
pub mod baseline;
pub mod checker;
pub mod clock;
pub mod frame;
pub mod history;
pub mod memory;
pub mod meter;
pub mod notifier;
pub mod replay;
pub mod store;
