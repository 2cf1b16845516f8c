//! What is measured, over how many rows, and with which peers.

use std::path::PathBuf;

/// Rows of a full run, and of a quick one.
const ROWS: u64 = 10_000_000;
const QUICK_ROWS: u64 = 1_000_000;

pub(crate) struct Options {
    groups: Vec<String>,
    rows: Option<u64>,
    pub(crate) quick: bool,
    /// Where data is kept from run to run.
    pub(crate) folder: PathBuf,
    /// The binary that is measured.
    pub(crate) binary: PathBuf,
    /// A Python that has DuckDB.
    pub(crate) duckdb: Option<PathBuf>,
    /// A Python that has what people would run otherwise.
    pub(crate) people: Option<PathBuf>,
}

impl Options {
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Self {
        let own = std::env::current_exe().expect("this binary has a path");
        let built = own.ancestors().nth(2).expect("it lies in target/release/deps").to_owned();
        let mut options = Self {
            groups: Vec::new(),
            rows: None,
            quick: false,
            folder: built.parent().expect("a target folder").join("bench"),
            binary: built.join("watchkeeper"),
            duckdb: std::env::var_os("WATCHKEEPER_BENCH_DUCKDB").map(PathBuf::from),
            people: std::env::var_os("WATCHKEEPER_BENCH_PEOPLE").map(PathBuf::from),
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo says it to every benchmark.
                "--bench" => {}
                "--quick" => options.quick = true,
                "--rows" => options.rows = arguments.next().map(|rows| rows.parse().expect("a number")),
                group => options.groups.push(group.to_owned()),
            }
        }
        options
    }

    /// Whether a group is asked for; all of them when none is named.
    pub(crate) fn runs(&self, group: &str) -> bool {
        self.groups.is_empty() || self.groups.iter().any(|asked| asked == group)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows.unwrap_or(if self.quick { QUICK_ROWS } else { ROWS })
    }
}
