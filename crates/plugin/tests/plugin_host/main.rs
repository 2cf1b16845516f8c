//! The host against guests of every kind: good ones, broken ones and hostile ones.
#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first thing that is not so")]

mod bench;
mod compatible;
mod corpus;
mod frames;
mod hostile;
mod refused;
mod standard;
mod trusted;
