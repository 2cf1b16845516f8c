//! A case: rows, parameters, and what the check must measure of them. One TOML file in the project's `tests` folder.

mod file;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use watchkeeper_model::{ColumnType, ParamValue, Series, Time};

use crate::fault::Fault;

/// A case, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its file.
    pub path: PathBuf,
    /// What the monitor would give.
    pub params: Vec<(String, ParamValue)>,
    /// The tick.
    pub at: Time,
    /// The window's ends; the Unix epoch and the tick where the case names none.
    pub window: (Time, Time),
    /// The rows of the window.
    pub current: Rows,
    /// The rows to compare with.
    pub baseline: Option<Rows>,
    /// Earlier measurements, a list a series, in any order.
    pub history: Vec<(Series, Vec<(Time, f64)>)>,
    /// What must come of it.
    pub ending: Ending,
    /// What it may cost.
    pub budget: Budget,
}

/// Rows in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// CSV, JSON lines or Parquet, by its extension.
    pub file: PathBuf,
    /// The column that windows are cut on.
    pub time_column: Option<String>,
    /// Types of columns of text files; those of the others are told by their values.
    pub columns: BTreeMap<String, ColumnType>,
}

/// What must come of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// These measurements and no others.
    Measured(Vec<Expected>),
    /// There is nothing to measure; the reason holds these words.
    NoData(String),
    /// It fails; the message holds these words.
    Error(String),
}

/// A measurement that is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Which number.
    pub series: Series,
    /// Its value.
    pub value: f64,
    /// How far the measured value may be from it, as a part of it; of 0, as it is.
    pub tolerance: f64,
}

/// What a case may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// From the call to its answer.
    pub time: Duration,
    /// At the most, the guest's own and what is held for it.
    pub memory: u64,
}

impl Case {
    /// Reads a case's text as that of a file at `path`; a mistake is named with its place.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Fault> {
        file::parse(path, text)
    }
}

/// The cases in a folder, in the order of their names; those with `filter` in theirs where it is given.
pub fn cases(folder: &Path, filter: Option<&str>) -> Result<Vec<Case>, Fault> {
    let listed = fs::read_dir(folder).map_err(|error| {
        Fault::read(folder, &error).hint("put a case there; `watchkeeper plugin record` makes one of a real window")
    })?;
    let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        path.extension().is_some_and(|extension| extension == "toml") && filter.is_none_or(|part| name.contains(part))
    });
    paths.sort();
    paths.iter().map(|path| file::read(path)).collect()
}
