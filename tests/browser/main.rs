//! The pages in a real browser: by keyboard, without script, by two people at once, and as axe-core sees them.
//!
//! `cargo xtask browser` installs Chromium and its driver on Debian, and puts axe-core into the target folder.
#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first thing that is not so")]

mod axe;
#[path = "../end_to_end/bench.rs"]
#[expect(dead_code, reason = "the end-to-end tests use all of it")]
mod bench;
mod driver;
mod live;
mod night;
mod scriptless;
mod stage;
mod webdriver;
