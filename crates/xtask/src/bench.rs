//! `cargo xtask bench`: what Watchkeeper costs, as ratios to peers and limits that are measured in the same run.

mod table;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use self::table::{Figure, figures, print};
use crate::{finish, repository, say, target, venv};

/// The peers that come from PyPI: the file with the versions that are measured, what it is called, and the variable that
/// tells the benchmark which Python has it.
const DUCKDB: Peer = Peer { requirements: "duckdb.txt", name: "DuckDB", variable: "WATCHKEEPER_BENCH_DUCKDB" };
const PEOPLE: Peer = Peer { requirements: "people.txt", name: "Evidently", variable: "WATCHKEEPER_BENCH_PEOPLE" };

/// What is measured.
const GROUPS: [&str; 6] = ["scan", "small", "boundary", "engine", "store", "people"];

struct Peer {
    requirements: &'static str,
    name: &'static str,
    variable: &'static str,
}

/// What the arguments ask for.
#[derive(Default)]
struct Asked {
    against: Option<PathBuf>,
    groups: Vec<String>,
    quick: bool,
    rows: Option<u64>,
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
    bench.args(["bench", "--quiet", "--workspace", "--bench", "watch", "--"]).args(asked.arguments());
    for peer in asked.peers() {
        match peer.python() {
            Ok(python) => drop(bench.env(peer.variable, python)),
            Err(error) => say(&format!(
                "{} is left out: {error:#}. It comes with `python3 -m venv` and pip; on Debian `apt-get install \
                 python3-venv` as root",
                peer.name
            )),
        }
    }
    let mut running = bench.current_dir(repository()).stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let mut measured = Vec::new();
    for line in running.stdout.take().map(BufReader::new).into_iter().flat_map(BufReader::lines) {
        measured.push(Figure::read(&line?)?);
    }
    let ended = running.wait()?;
    print(&measured, before.as_deref());
    let path = target().join("bench/figures.json");
    fs::write(&path, table::json(&measured)).with_context(|| format!("cannot write {}", path.display()))?;
    say(&format!("written to {}", path.display()));
    ensure!(ended.success(), "the benchmark failed after these");
    Ok(())
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut asked = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => asked.quick = true,
                "--against" => {
                    let file = arguments.next().context("--against wants a file that an earlier run wrote")?;
                    asked.against = Some(file.into());
                }
                "--rows" => {
                    let rows = arguments.next().and_then(|rows| rows.replace('_', "").parse().ok());
                    asked.rows = Some(rows.context("--rows wants a number, such as 10_000_000")?);
                }
                group if GROUPS.contains(&group) => asked.groups.push(group.to_owned()),
                other => bail!("there is no group or option {other:?}; the groups are {}", GROUPS.join(", ")),
            }
        }
        Ok(asked)
    }

    /// As the benchmark itself is told.
    fn arguments(&self) -> Vec<String> {
        let rows = self.rows.into_iter().flat_map(|rows| ["--rows".to_owned(), rows.to_string()]);
        self.groups.iter().cloned().chain(self.quick.then(|| "--quick".to_owned())).chain(rows).collect()
    }

    fn runs(&self, group: &str) -> bool {
        self.groups.is_empty() || self.groups.iter().any(|asked| asked == group)
    }

    /// Whom the groups that are asked for are measured beside; Evidently takes minutes, so a quick run does without.
    fn peers(&self) -> impl Iterator<Item = Peer> {
        let duckdb = (self.runs("scan") || self.runs("small")).then_some(DUCKDB);
        let people = (self.runs("people") && !self.quick).then_some(PEOPLE);
        duckdb.into_iter().chain(people)
    }
}

impl Peer {
    /// A Python that has it.
    fn python(&self) -> Result<PathBuf> {
        let requirements = repository().join("tests/benches").join(self.requirements);
        venv::provide(&target().join("bench").join(self.requirements).with_extension("venv"), &requirements)
    }
}

fn read(path: &Path) -> Result<Vec<Figure>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    figures(&text).with_context(|| format!("{} is not what an earlier run wrote", path.display()))
}
