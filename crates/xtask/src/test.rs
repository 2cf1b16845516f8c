//! `cargo xtask test`: everything that is tested, with the runners' own words.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::{api, browser, debian, examples, finish, peers, plugins, repository, services};

/// What the tests of sources start a server of their own with.
const POSTGRES: [&str; 2] = ["postgresql", "postgresql-client"];

/// Builds the checks, then tests the workspace, the checks' own numbers and the validator of what is said to peers.
pub(crate) fn run() -> Result<()> {
    provide_postgres()?;
    browser::provide()?;
    services::run()?;
    plugins::run()?;
    // The end-to-end tests start the binary, so it has to be there and new; all targets at once, because another
    // selection would build the dependencies a second time with other features.
    finish(Command::new("cargo").args(["build", "--workspace", "--all-targets"]).current_dir(repository()))?;
    finish(Command::new("cargo").args(["test", "--workspace"]).current_dir(repository()))?;
    // Its own target folder: the checks are a workspace of their own.
    let mut checks = Command::new("cargo");
    finish(checks.arg("test").current_dir(repository().join("plugins")).env_remove("CARGO_TARGET_DIR"))?;
    examples::run()?;
    finish(peers::in_validator(&mut Command::new("cargo")).arg("test"))?;
    api::run()
}

/// PostgreSQL's programs; Debian keeps a version's in a folder of its own.
fn provide_postgres() -> Result<()> {
    let versions = || std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let is_there =
        || debian::on_path("initdb") || versions().any(|version| version.path().join("bin/initdb").is_file());
    let both = || is_there() && debian::on_path("psql");
    ensure!(
        both() || (debian::install(&POSTGRES) && both()),
        "the tests of sources and of the store need PostgreSQL's initdb, pg_ctl and psql; on Debian `apt-get install {}` as root",
        POSTGRES.join(" ")
    );
    Ok(())
}
