//! The store on real SQLite and PostgreSQL: what a claim, a step, a message and a ledger row survive.
#![expect(clippy::unwrap_used, reason = "a broken expectation stops the test")]

#[path = "../common/mod.rs"]
mod common;

mod access;
mod baseline;
mod care;
mod daemon;
mod evaluations;
mod fencing;
mod fixture;
mod guard;
mod ledger;
mod outbox;
mod pages;
mod people;
mod recovery;
mod replicas;
mod rush;
mod upgrade;
