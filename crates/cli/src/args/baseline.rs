//! Arguments of `baseline`.

use clap::{Args, Subcommand};

use super::ByArgs;

/// Arguments of `baseline`.
#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) command: BaselineCommand,
}

/// What to do with a baseline.
#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Show what is frozen, and whether its data is still what it was; a finding when it is not.
    Show {
        /// The monitor's id.
        monitor: String,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Compute it from the data as it is now and keep it; one that is frozen already is left alone.
    Freeze {
        /// The monitor's id.
        monitor: String,
        /// Who acts.
        #[command(flatten)]
        by: ByArgs,
    },
    /// Compute it anew from the data as it is now, in the place of what is frozen.
    Refresh {
        /// The monitor's id.
        monitor: String,
        /// Who acts.
        #[command(flatten)]
        by: ByArgs,
    },
}
