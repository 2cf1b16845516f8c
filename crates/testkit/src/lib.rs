//! Scripted ports for tests: checks that measure what the test says, peers that answer what the test says; guests that
//! misbehave, as real components; and a witness of what is said to peers.
//!
//! The store has no double: tests run on the real one, on SQLite in memory or in a temporary folder.
#![expect(clippy::expect_used, clippy::panic, reason = "a broken test fixture stops the test")]

mod actions;
mod checks;
mod facts;
pub mod guests;
mod notifications;
mod postgres;
mod proxy;
pub mod real;
mod sample;
mod witness;

pub use actions::ScriptedActions;
pub use checks::{EmptyFrame, ScriptedChecker, ScriptedSources};
pub use notifications::RecordingNotifier;
pub use postgres::{POSTGRES_PASSWORD, Postgres, Standby, again_on_postgres, run_again_on_postgres};
pub use proxy::Proxy;
pub use sample::{monitor, runbook, time, workspace};
pub use witness::{Exchange, Notes, Vendor, Witness};
