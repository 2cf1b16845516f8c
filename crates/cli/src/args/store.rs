//! Arguments of `store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ListingArgs;

/// Arguments of `store`.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

/// What to do with the store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Show where it is, what it holds, and which replicas share it.
    Status(ListingArgs),
    /// Report damage: pages, rows that refer to nothing, the ledger's chain, rows that cannot be read.
    Check(ListingArgs),
    /// Copy it into a new file while the daemon goes on; the file is a store itself.
    Backup {
        /// The new file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Copy everything into an empty database, the ledger's chain as it is; no daemon may run meanwhile.
    Move {
        /// The database: postgres://USER@HOST/DATABASE, or @FILE with a file of the workspace that holds its URL.
        #[arg(long, value_name = "URL")]
        to: String,
    },
}
