//! End-to-end tests: the real binary on real folders, peers and signals.

mod arrows;
mod backtest;
mod bench;
mod crash;
mod simulate;
