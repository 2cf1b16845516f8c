//! The commands, one file each: what they read, decide and print.

pub(crate) mod ack;
pub(crate) mod comment;
pub(crate) mod compile_plugin;
pub(crate) mod completions;
pub(crate) mod gates;
pub(crate) mod handoffs;
pub(crate) mod hold;
pub(crate) mod incidents;
pub(crate) mod init;
pub(crate) mod ledger;
pub(crate) mod lint;
pub(crate) mod notify;
pub(crate) mod people;
pub(crate) mod plugin;
pub(crate) mod remedies;
pub(crate) mod reset_clock;
pub(crate) mod resolve;
pub(crate) mod schema;
pub(crate) mod settle;
pub(crate) mod silence;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod switch_gate;
pub(crate) mod token;
pub(crate) mod unack;
pub(crate) mod understood;
pub(crate) mod undo;

// Those that drive the engine.
pub(crate) mod answer;
pub(crate) mod assign;
pub(crate) mod backtest;
pub(crate) mod baseline;
pub(crate) mod check;
pub(crate) mod digest;
pub(crate) mod drill;
pub(crate) mod monitors;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod simulate;
