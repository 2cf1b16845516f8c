//! End-to-end tests: the real binary on real folders, peers and signals.
#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first thing that is not so")]

mod arrows;
mod backtest;
mod baseline;
mod bench;
mod crash;
mod pushdown;
mod series;
mod simulate;
