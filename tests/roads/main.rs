//! The same rows by every road that data takes: held in memory, streamed from files, through a view, from SQLite and from
//! PostgreSQL. A check measures the same on each, or is refused with words.
#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first thing that is not so")]

mod contract;
mod frames;
mod golden;
mod measured;
mod property;
mod road;
mod table;
mod tables;
