//! Arguments of the commands that drive the engine.

use std::path::PathBuf;

use clap::Args;
use watchkeeper_model::Time;

use super::value;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The monitor's id.
    pub(crate) monitor: String,
    /// The tick to evaluate, RFC 3339 or a date; now when absent.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) at: Option<Time>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show how the text files of its sources are understood as well.
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) verbose: bool,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The monitor's id.
    pub(crate) monitor: String,
    /// The tick, RFC 3339 or a date; the newest that is kept when absent.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) at: Option<Time>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `backtest`.
#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    /// The monitors' ids.
    #[arg(required = true, value_name = "MONITOR")]
    pub(crate) monitors: Vec<String>,
    /// The period.
    #[command(flatten)]
    pub(crate) period: PeriodArgs,
    /// Print one JSON object a tick.
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the series that have thresholds, or all when none has, into this SVG file.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) chart: Option<PathBuf>,
}

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The period.
    #[command(flatten)]
    pub(crate) period: PeriodArgs,
    /// Do what the runbooks say and send the messages.
    #[arg(long)]
    pub(crate) execute: bool,
}

/// Arguments of `drill`.
#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    /// The monitor's id.
    pub(crate) monitor: String,
    /// Do what the runbook says and send the messages.
    #[arg(long)]
    pub(crate) execute: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {}

/// A period of ticks, both ends included.
#[derive(Debug, Args)]
pub(crate) struct PeriodArgs {
    /// The first tick, RFC 3339 or a date.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) from: Time,
    /// The last tick, RFC 3339 or a date.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) to: Time,
}
