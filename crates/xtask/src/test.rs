//! `cargo xtask test`: everything that is tested, with the runners' own words.

use std::process::Command;

use anyhow::Result;

use crate::{plugins, run, workspace};

/// Builds the checks, then tests the workspace and the checks' own numbers.
pub(crate) fn test() -> Result<()> {
    plugins::plugins()?;
    // The end-to-end tests start the binary, so it has to be there and new.
    run(Command::new("cargo").args(["build", "--package", "watchkeeper"]).current_dir(workspace()))?;
    run(Command::new("cargo").args(["test", "--workspace"]).current_dir(workspace()))?;
    run(Command::new("cargo").args(["test"]).current_dir(workspace().join("plugins")))
}
