//! `cargo xtask bench`: what Watchkeeper costs, as ratios to peers and limits that are measured in the same run.

mod table;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use self::table::{Figure, figures, print};
use crate::{finish, repository, say, target, venv};

/// What the peers are, in the versions that were measured.
const REQUIREMENTS: &str = "tests/benches/requirements.txt";

/// What the arguments ask for.
struct Asked {
    against: Option<PathBuf>,
    /// What the benchmark itself is told.
    rest: Vec<String>,
}

/// Builds, measures, prints a table and writes the figures as JSON.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let asked = Asked::read(arguments)?;
    let before = asked.against.as_deref().map(read).transpose()?;
    finish(
        Command::new("cargo")
            .args(["build", "--quiet", "--workspace", "--bins", "--benches", "--profile", "bench"])
            .current_dir(repository()),
    )?;
    let mut bench = Command::new("cargo");
    bench.args(["bench", "--quiet", "--workspace", "--bench", "watch", "--"]).args(&asked.rest);
    match peers() {
        Ok(python) => drop(bench.env("WATCHKEEPER_BENCH_PYTHON", python)),
        Err(error) => say(&format!(
            "DuckDB is left out: {error:#}. It comes with `python3 -m venv` and pip; on Debian `apt-get install \
             python3-venv` as root"
        )),
    }
    let mut running = bench.current_dir(repository()).stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let mut measured = Vec::new();
    for line in running.stdout.take().map(BufReader::new).into_iter().flat_map(BufReader::lines) {
        measured.push(Figure::read(&line?)?);
    }
    ensure!(running.wait()?.success(), "the benchmark failed");
    print(&measured, before.as_deref());
    let path = target().join("bench/figures.json");
    fs::write(&path, table::json(&measured)).with_context(|| format!("cannot write {}", path.display()))?;
    say(&format!("written to {}", path.display()));
    Ok(())
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut asked = Self { against: None, rest: Vec::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument == "--against" {
                let file = arguments.next().context("--against wants a file that an earlier run wrote")?;
                asked.against = Some(file.into());
            } else {
                asked.rest.push(argument.clone());
            }
        }
        Ok(asked)
    }
}

fn read(path: &Path) -> Result<Vec<Figure>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    figures(&text).with_context(|| format!("{} is not what an earlier run wrote", path.display()))
}

/// A Python with the peers.
fn peers() -> Result<PathBuf> {
    venv::provide(&target().join("bench-venv"), &repository().join(REQUIREMENTS))
}
