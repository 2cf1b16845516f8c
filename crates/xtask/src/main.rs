//! `cargo xtask`: the project's own chores.

mod api;
mod bench;
mod browser;
mod debian;
mod demo;
mod examples;
mod golden;
mod peers;
mod plugins;
mod services;
mod test;
mod torture;
mod venv;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

const USAGE: &str = "\
usage: cargo xtask <chore>
  api       what the API's document does not say, found by schemathesis (needs python3 and PyPI)
  browser   provide what the tests of pages need: Chromium, its driver, axe-core
  bench     what it costs beside peers and limits: cargo xtask bench [GROUP] [--rows N] [--quick] [--against FILE]
            (groups: scan, small, boundary, engine, people)
  plugins   build the standard checks to plugins/dist
  examples  build and test the examples for plugin authors, and a new project of each language (needs Node.js and PyPI)
  golden    compute the reference numbers of every check anew (needs python3 and PyPI)
  demo      the main job on real data, in a throw-away workspace; `--keep` serves its page until Ctrl-C
  peers     validate what is said to Slack, Jira and OFREP clients: cargo xtask peers FOLDER, with the vendors'
            documents in it (crates/testkit/README.md names them)
  services  install the real peers that first steps are tested against: MariaDB, systemd, MLflow, Airflow
  test      everything that is tested
  torture   strike the daemon at every fault point for long: cargo xtask torture [--minutes N] [--seed S]";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("api") => api::run(),
        Some("browser") => browser::provide(),
        Some("bench") => bench::run(arguments.get(1..).unwrap_or_default()),
        Some("plugins") => plugins::run(),
        Some("examples") => examples::run(),
        Some("golden") => golden::run(),
        Some("demo") => demo::run(arguments.get(1..).unwrap_or_default()),
        Some("peers") => peers::run(arguments.get(1).map(String::as_str)),
        Some("services") => services::run(),
        Some("test") => test::run(),
        Some("torture") => torture::run(arguments.get(1..).unwrap_or_default()),
        Some(other) => bail!("there is no chore {other:?}\n{USAGE}"),
        None => bail!("which chore?\n{USAGE}"),
    }
}

/// Tells what happens, a line a step.
#[expect(clippy::print_stdout, reason = "a chore's lines are for the person who runs it")]
fn say(line: &str) {
    println!("{line}");
}

/// The repository's folder.
fn repository() -> PathBuf {
    let chores = Path::new(env!("CARGO_MANIFEST_DIR"));
    chores.ancestors().nth(2).unwrap_or(chores).to_path_buf()
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}

/// Runs a command to its end; one that fails ends the chore.
fn finish(command: &mut Command) -> Result<()> {
    let ended = command.status().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(ended.success(), "{} ended with {ended}", command.get_program().display());
    Ok(())
}
