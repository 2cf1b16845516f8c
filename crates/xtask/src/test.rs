//! `cargo xtask test`: everything that is tested, with the runners' own words.

use std::process::Command;

use anyhow::Result;

use crate::{finish, peers, plugins, repository};

/// Builds the checks, then tests the workspace, the checks' own numbers and the validator of what is said to peers.
pub(crate) fn run() -> Result<()> {
    plugins::run()?;
    // The end-to-end tests start the binary, so it has to be there and new; all targets at once, because another
    // selection would build the dependencies a second time with other features.
    finish(Command::new("cargo").args(["build", "--workspace", "--all-targets"]).current_dir(repository()))?;
    finish(Command::new("cargo").args(["test", "--workspace"]).current_dir(repository()))?;
    // Its own target folder: the checks are a workspace of their own.
    let mut checks = Command::new("cargo");
    finish(checks.arg("test").current_dir(repository().join("plugins")).env_remove("CARGO_TARGET_DIR"))?;
    finish(peers::in_validator(&mut Command::new("cargo")).arg("test"))
}
