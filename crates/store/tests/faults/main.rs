//! What once broke the engine's word, each as a test named after what a user sees: hangs, reloads, late wake-ups, several
//! groups, channels that do not answer, rows that cannot be read.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not so"
)]

#[path = "../common/mod.rs"]
mod common;

mod away;
mod delivered;
mod groups;
mod guards;
mod hang;
mod late;
mod messages;
mod night;
mod order;
mod quiet;
mod reload;
mod rows;
mod stage;
mod told;
mod watch;
