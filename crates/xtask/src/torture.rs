//! `cargo xtask torture`: the daemon, struck at every fault point for as long as wanted.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{finish, plugins, repository};

/// Builds what is needed, then tortures for `--minutes N`, ten when absent, with `--seed S`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut torture = Command::new("cargo");
    torture.args(["test", "--workspace", "--test", "torture", "--", "--nocapture"]).env("TORTURE_MINUTES", "10");
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!("{} has no value", pair[0]) };
        let variable = match name.as_str() {
            "--minutes" => "TORTURE_MINUTES",
            "--seed" => "TORTURE_SEED",
            other => bail!("there is no option {other:?}: --minutes N, --seed S"),
        };
        let number: u64 = value.parse().with_context(|| format!("{name} is no number: {value}"))?;
        torture.env(variable, number.to_string());
    }
    plugins::run()?;
    finish(Command::new("cargo").args(["build", "--workspace", "--all-targets"]).current_dir(repository()))?;
    finish(torture.current_dir(repository()))
}
