//! A case as it is written.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use serde::Deserialize;
use toml::Spanned;
use watchkeeper_model::{ColumnType, Labels, ParamValue, Series, Time, line_column};

use super::{Budget, Case, Ending, Expected, Rows};
use crate::fault::Fault;

/// What is asked of a value without a tolerance of its own.
const TOLERANCE: f64 = 1e-9;
/// What a case may cost where it does not say: ample on any machine.
const TIME: Duration = Duration::from_secs(10);
const MEMORY: u64 = 256 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    at: Option<Spanned<String>>,
    window: Option<Spanned<[String; 2]>>,
    #[serde(default)]
    params: toml::Table,
    current: RowsTable,
    baseline: Option<RowsTable>,
    #[serde(default)]
    history: Vec<HistoryTable>,
    #[serde(default)]
    expect: Vec<ExpectTable>,
    expect_no_data: Option<String>,
    expect_error: Option<String>,
    #[serde(default)]
    budget: BudgetTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowsTable {
    file: String,
    time_column: Option<String>,
    #[serde(default)]
    columns: BTreeMap<String, ColumnType>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryTable {
    metric: String,
    #[serde(default)]
    labels: Labels,
    points: Vec<Spanned<(String, f64)>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectTable {
    metric: String,
    #[serde(default)]
    labels: Labels,
    value: f64,
    #[serde(default = "tolerance")]
    tolerance: f64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetTable {
    time: Option<Spanned<String>>,
    memory: Option<Spanned<String>>,
}

fn tolerance() -> f64 {
    TOLERANCE
}

/// What is wrong with a file, and the bytes that are.
struct Mistake {
    what: String,
    at: usize,
}

/// Reads a case's file.
pub(super) fn read(path: &Path) -> Result<Case, Fault> {
    parse(path, &fs::read_to_string(path).map_err(|error| Fault::read(path, &error))?)
}

/// Reads a case; a mistake is named with its place.
pub(super) fn parse(path: &Path, text: &str) -> Result<Case, Fault> {
    parsed(path, text).map_err(|mistake| {
        let (line, column) = line_column(text, mistake.at);
        Fault::new(format!("{}:{line}:{column}: {}", path.display(), mistake.what))
            .hint("the keys of a case stand in the documentation, under Writing a check")
    })
}

fn parsed(path: &Path, text: &str) -> Result<Case, Mistake> {
    let file: CaseFile = toml::from_str(text)
        .map_err(|error| Mistake { what: error.message().to_owned(), at: error.span().map_or(0, |span| span.start) })?;
    let at = file.at.as_ref().map(|at| time(at.get_ref(), at.span().start)).transpose()?;
    let window = match &file.window {
        Some(window) => {
            let [start, end] = window.get_ref();
            Some((time(start, window.span().start)?, time(end, window.span().start)?))
        }
        None => None,
    };
    let at = at.or(window.map(|(_, end)| end)).unwrap_or(Time::UNIX_EPOCH);
    let folder = path.parent().unwrap_or(Path::new("."));
    Ok(Case {
        path: path.to_owned(),
        params: params(file.params)?,
        at,
        window: window.unwrap_or((Time::UNIX_EPOCH, at)),
        current: rows(folder, file.current),
        baseline: file.baseline.map(|baseline| rows(folder, baseline)),
        history: file.history.into_iter().map(history).collect::<Result<_, _>>()?,
        ending: match (file.expect_no_data, file.expect_error) {
            (None, None) if !file.expect.is_empty() => {
                Ending::Measured(file.expect.into_iter().map(expected).collect())
            }
            (Some(reason), None) if file.expect.is_empty() => Ending::NoData(reason),
            (None, Some(message)) if file.expect.is_empty() => Ending::Error(message),
            _ => return Err(Mistake { what: ONE_ENDING.to_owned(), at: 0 }),
        },
        budget: budget(&file.budget)?,
    })
}

const ONE_ENDING: &str =
    "a case needs one of these: `[[expect]]` for each measurement, `expect_no_data = \"…\"`, or `expect_error = \"…\"`";

fn params(table: toml::Table) -> Result<Vec<(String, ParamValue)>, Mistake> {
    let read = |(name, value): (String, toml::Value)| match ParamValue::deserialize(value) {
        Ok(value) => Ok((name, value)),
        Err(_) => {
            let what = format!("params.{name}: expected a text, a number, a flag, or a list of texts or numbers");
            Err(Mistake { what, at: 0 })
        }
    };
    table.into_iter().map(read).collect()
}

fn rows(folder: &Path, table: RowsTable) -> Rows {
    Rows { file: folder.join(table.file), time_column: table.time_column, columns: table.columns }
}

fn history(table: HistoryTable) -> Result<(Series, Vec<(Time, f64)>), Mistake> {
    let point = |point: &Spanned<(String, f64)>| Ok((time(&point.get_ref().0, point.span().start)?, point.get_ref().1));
    let points = table.points.iter().map(point).collect::<Result<_, _>>()?;
    Ok((Series { metric: table.metric, labels: table.labels }, points))
}

fn expected(table: ExpectTable) -> Expected {
    let series = Series { metric: table.metric, labels: table.labels };
    Expected { series, value: table.value, tolerance: table.tolerance }
}

fn budget(table: &BudgetTable) -> Result<Budget, Mistake> {
    let read = |text: &Spanned<String>| (text.get_ref().clone(), text.span().start);
    let time = match table.time.as_ref().map(read) {
        Some((text, at)) => watchkeeper_config::duration(&text).map_err(|what| Mistake { what, at })?,
        None => TIME,
    };
    let memory = match table.memory.as_ref().map(read) {
        Some((text, at)) => watchkeeper_config::size(&text).map_err(|what| Mistake { what, at })?,
        None => MEMORY,
    };
    Ok(Budget { time, memory })
}

fn time(text: &str, at: usize) -> Result<Time, Mistake> {
    watchkeeper_config::time(text).map_err(|what| Mistake { what, at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parsed(Path::new("tests/a.toml"), text).map(drop).expect_err("it is refused").what
    }

    #[test]
    fn a_case_says_rows_parameters_and_what_is_measured() {
        let case = parsed(
            Path::new("tests/a.toml"),
            r#"
            window = ["2026-01-01", "2026-01-02T00:00:00Z"]
            [params]
            column = "income"
            limit = 3
            [current]
            file = "a.csv"
            [[expect]]
            metric = "share"
            labels = { segment = "x" }
            value = 0.5
            [budget]
            time = "50ms"
            "#,
        )
        .map_err(|mistake| mistake.what)
        .expect("a case");
        assert_eq!(case.params[1], ("limit".to_owned(), ParamValue::Integer(3)));
        assert_eq!((case.current.file, case.at), ("tests/a.csv".into(), case.window.1));
        assert_eq!((case.budget.time, case.budget.memory), (Duration::from_millis(50), MEMORY));
        let Ending::Measured(expected) = case.ending else { panic!("{:?}", case.ending) };
        assert_eq!((expected[0].series.to_string().as_str(), expected[0].tolerance), ("share{segment=\"x\"}", 1e-9));
    }

    #[test]
    fn mistakes_are_told_in_words() {
        assert_eq!(refused("[current]\nfile = \"a.csv\""), ONE_ENDING);
        assert!(refused("[current]\nfil = \"a.csv\"").contains("unknown field `fil`"));
        assert!(
            refused("expect_no_data = \"\"\n[current]\nfile = \"a\"\n[budget]\ntime = \"soon\"").contains("`soon`")
        );
        assert!(refused("expect_no_data = \"\"\n[params]\na = {}\n[current]\nfile = \"a\"").starts_with("params.a"));
    }
}
