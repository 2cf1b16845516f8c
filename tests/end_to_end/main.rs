//! End-to-end tests: the real binary on real folders, peers and signals.
#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first thing that is not so")]

mod approval;
mod arrows;
mod backtest;
mod baseline;
mod bench;
mod canary;
mod cannot_start;
mod clock;
mod crash;
mod daemon;
mod drowning;
mod five;
mod hang;
mod hostile;
mod json_shapes;
mod ledger;
mod lint;
mod mail_server;
mod minutely;
mod moved;
mod never_ok;
mod night;
mod overdue;
mod patience;
mod plugins;
mod prometheus;
mod pushdown;
mod receivers;
mod rehearsal;
mod reload;
mod review;
mod series;
mod silent;
mod simulate;
mod state_folder;
