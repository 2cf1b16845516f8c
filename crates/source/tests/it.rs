//! Sources end to end: files made in the test, opened as frames, read every way.
#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first thing that is not so")]

#[path = "it/aggregates.rs"]
mod aggregates;
#[path = "it/damage.rs"]
mod damage;
#[path = "it/database_rows.rs"]
mod database_rows;
#[path = "it/endpoints.rs"]
mod endpoints;
#[path = "it/eras.rs"]
mod eras;
#[path = "it/errors.rs"]
mod errors;
#[path = "it/folders.rs"]
mod folders;
#[path = "it/formats.rs"]
mod formats;
#[path = "it/odd_files.rs"]
mod odd_files;
#[path = "it/postgres.rs"]
mod postgres;
#[path = "it/postgres_faults.rs"]
mod postgres_faults;
#[path = "it/postgres_plans.rs"]
mod postgres_plans;
#[path = "it/queries.rs"]
mod queries;
#[path = "it/scans.rs"]
mod scans;
#[path = "it/server.rs"]
mod server;
#[path = "it/sqlite.rs"]
mod sqlite;
#[path = "it/views.rs"]
mod views;
#[path = "it/windows.rs"]
mod windows;
#[path = "it/workspace.rs"]
mod workspace;
