//! The book says what the binary does: its tables are the checks' own manuals, its examples lint, its links lead somewhere.
#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first thing that is not so")]

mod book;
mod examples;
mod manuals;
mod pages;
mod steps;
