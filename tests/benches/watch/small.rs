//! Small: a check over the few rows of a window whose source is held, from the tick to its verdict, beside DuckDB, which
//! has the rows in a table in memory.

use std::time::Instant;

use serde_json::to_value;

use crate::{
    answers, checks, data,
    duckdb::DuckDb,
    options::Options,
    report::{Figure, median},
    sql::Query,
    within::Within,
    workspace::Workspace,
};

const GROUP: &str = "small";
/// Rows of the source, 48 an hour; of the window.
const ROWS: u64 = 48 * 24 * data::DAYS.cast_unsigned();
const WINDOW_HOURS: i64 = 7;
const WINDOW_ROWS: i64 = 48 * WINDOW_HOURS;
/// Ticks of each check, and what DuckDB is asked, one by one.
const RUNS: usize = 1_000;
/// Those that look at the window alone.
const CHECKS: [&str; 5] = ["null-rate", "auc", "rmse", "approval-rate", "latency"];

#[tokio::main]
pub(crate) async fn run(options: &Options) {
    let rows = data::parquet(&options.folder, "held", ROWS, 3);
    let workspace = Workspace::new(&options.folder.join("small"));
    workspace.sources(&[("rows", &rows)]);
    for (name, check) in checks::checks().iter().filter(|(name, _)| CHECKS.contains(name)) {
        let input = format!("source = \"rows\"\nwindow = \"{WINDOW_HOURS}h\"");
        workspace.monitor(name, "cron = \"0 0 * * *\"", &input, check);
    }
    let within = Within::start(options, &workspace.folder).await;
    let mut duckdb = options.duckdb.as_deref().map(DuckDb::start);
    if let Some(duckdb) = &mut duckdb {
        duckdb.ask(&format!("create table held as from read_parquet('{}')", rows.display()));
    }
    let window = format!(
        "from held where \"at\" >= timestamptz '{end}' - interval {WINDOW_HOURS} hours and \"at\" < timestamptz '{end}'",
        end = data::END
    );
    for name in CHECKS {
        let query = duckdb.as_mut().map(|duckdb| Query::fastest(name, &window, &window, duckdb));
        // The first tick reads the file.
        let evaluation = within.evaluate(name).await;
        assert_eq!(evaluation.window.rows, Some(WINDOW_ROWS.cast_unsigned()), "{evaluation:?}");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let start = Instant::now();
            within.evaluate(name).await;
            ours.push(start.elapsed().as_secs_f64() * 1e3);
            let answered = duckdb.as_mut().zip(query.as_ref()).map(|(duckdb, query)| query.ask(duckdb));
            theirs.extend(answered.map(|answered| answered.seconds * 1e3));
        }
        if let Some((duckdb, query)) = duckdb.as_mut().zip(query.as_ref()) {
            let evaluation = to_value(&evaluation).expect("it is JSON");
            answers::hold_against(name, &answers::values_of(&evaluation), &query.ask(duckdb).values);
        }
        let work = format!("{name} over {WINDOW_ROWS} held rows, tick to verdict");
        let beside = (!theirs.is_empty()).then(|| (median(theirs), "DuckDB, the query alone on a table in memory"));
        Figure { group: GROUP, work: &work, unit: "ms", ours: median(ours), beside, more_is_better: false }.print();
    }
}
