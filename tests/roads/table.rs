//! The table of `docs/src/sources.md`: what each check does on each road, as it is seen doing it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use watchkeeper_engine::ports::{
    frame::{Aggregate, Answer, Field, Frame, FrameError, Scan},
    memory::Memory,
};
use watchkeeper_model::{ParamValue, Time};
use watchkeeper_testkit::Postgres;

use crate::frames::TICK;
use crate::measured::{Asked, Checks, Ended};
use crate::road::{Road, Roads, Rows};

const DOCS: &str = include_str!("../../docs/src/sources.md");

/// A check as the table names it, its parameters, and whether it compares.
type Line = (&'static str, &'static str, &'static [(&'static str, &'static [&'static str])], bool);

const LINES: [Line; 16] = [
    ("null-rate", "null-rate", &[], false),
    ("schema", "schema", &[], true),
    ("freshness", "freshness", &[], false),
    ("classification", "classification", &[("label", &["label"]), ("score", &["score"])], false),
    ("regression", "regression", &[("target", &["x"]), ("prediction", &["y"])], false),
    ("drift: psi, js_distance, chi_square", "drift", &[("columns", &["x", "t", ""])], true),
    ("drift: ks, wasserstein", "drift", &[("columns", &["x", ""]), ("methods", &["ks", "wasserstein", ""])], true),
    ("latency", "latency", &[("column", &["x"])], false),
    ("job-success", "job-success", &[("status", &["t"]), ("success", &["a", ""])], false),
    ("error-log", "error-log", &[("pattern", &["\\berror\\b"]), ("message", &["line"])], false),
    ("kpi", "kpi", &[("name", &["rate"]), ("value", &["x"])], false),
    ("kpi by segment", "kpi", &[("name", &["rate"]), ("value", &["x"]), ("segment", &["t"])], false),
    ("trend", "trend", &[("value", &["x"])], false),
    ("volatility", "volatility", &[("value", &["x"])], false),
    ("sql", "sql", &[("query", &["select 'm' as metric, avg(x) as value, t from input group by t"])], false),
    ("sql: median", "sql", &[("query", &["select 'm' as metric, median(x) as value from input"])], false),
];

/// Passes everything on, and sees whether the rows of the window itself are read one by one.
pub(crate) struct Seen {
    inner: Arc<dyn Frame>,
    /// Absent of what a query gave.
    scanned: Option<Arc<AtomicBool>>,
}

impl Seen {
    pub(crate) fn of(inner: Arc<dyn Frame>, scanned: &Arc<AtomicBool>) -> Arc<dyn Frame> {
        Arc::new(Self { inner, scanned: Some(Arc::clone(scanned)) })
    }
}

#[async_trait]
impl Frame for Seen {
    fn fields(&self) -> &[Field] {
        self.inner.fields()
    }

    fn time_column(&self) -> Option<&str> {
        self.inner.time_column()
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        self.inner.aggregate(asks).await
    }

    async fn query_in(&self, sql: &str, memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        Ok(Arc::new(Self { inner: self.inner.query_in(sql, memory).await?, scanned: None }))
    }

    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        self.scanned.iter().for_each(|scanned| scanned.store(true, Ordering::Relaxed));
        self.inner.scan(columns).await
    }
}

fn rows() -> RecordBatch {
    let numbers = |of: fn(i64) -> f64| Arc::new((0..60).map(|row| Some(of(row))).collect::<Float64Array>()) as ArrayRef;
    let texts =
        |of: [&'static str; 3]| Arc::new((0..60).map(|row| Some(of[row % 3])).collect::<StringArray>()) as ArrayRef;
    let at =
        (0..60).map(|row| Some(TICK - row * 60_000_000)).collect::<TimestampMicrosecondArray>().with_timezone("UTC");
    let flags = (0..60).map(|row| Some(row % 4 == 0)).collect::<BooleanArray>();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("at", Arc::new(at)),
        ("x", numbers(|row| (row * 37 % 60 + 1) as f64)),
        ("y", numbers(|row| (row * 41 % 60 + 1) as f64)),
        ("score", numbers(|row| (row * 7 % 60) as f64 / 60.0)),
        ("label", Arc::new((0..60).map(|row| Some(i64::from(row % 3 == 0))).collect::<Int64Array>())),
        ("f", Arc::new(flags)),
        ("t", texts(["a", "b", "c"])),
        ("line", texts(["all is well", "an error", "terror"])),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

/// A list ends with an empty text; one text alone is a text.
fn param(values: &[&str]) -> ParamValue {
    match values {
        [one] => ParamValue::Text((*one).to_owned()),
        [list @ .., _] => ParamValue::Texts(list.iter().map(|value| (*value).to_owned()).collect()),
        [] => ParamValue::Texts(Vec::new()),
    }
}

async fn cell(checks: &Checks, roads: &Roads, road: Road, line: &Line) -> &'static str {
    let (_, plugin, params, compares) = line;
    let asked = Asked {
        plugin: (*plugin).to_owned(),
        params: params.iter().map(|(name, values)| ((*name).to_owned(), param(values))).collect(),
        source: "rows".to_owned(),
        baseline: compares.then(|| "before".to_owned()),
        window: Some(std::time::Duration::from_secs(7_200)),
        at: Time::from_timestamp_micros(TICK).expect("a time"),
    };
    let scanned = Arc::new(AtomicBool::new(false));
    let ended = checks.run_seen(roads, road, &asked, Some(&scanned)).await;
    match (&ended, road) {
        (Ended::Values(_), Road::Memory | Road::View) => "held",
        (Ended::Values(_), Road::Streamed) => "streamed",
        (Ended::Values(_), _) if scanned.load(Ordering::Relaxed) => "rows in chunks",
        (Ended::Values(_), _) => "pushed down",
        (Ended::Failed(reason), Road::Sqlite | Road::Postgres) if reason.contains("has no equal for") => "refused",
        _ => panic!("{} on the road {road:?}: {ended:?}", line.0),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_in_the_docs_is_what_happens() {
    let (server, checks) = (Postgres::start(), Checks::start());
    let of = |name: &str| Rows { name: name.to_owned(), batch: rows(), time_column: Some("at".to_owned()) };
    let roads = Roads::of(&[of("rows"), of("before")], &[], &server);
    let mut table = String::from(
        "| check | files up to 64 MiB | larger files | views of files | SQLite | PostgreSQL |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for line in &LINES {
        let mut cells = Vec::new();
        for road in Road::ALL {
            cells.push(cell(&checks, &roads, road, line).await);
        }
        table.push_str(&format!("| {} | {} |\n", line.0, cells.join(" | ")));
    }
    assert!(DOCS.contains(&table), "docs/src/sources.md should have this table:\n{table}");
}
