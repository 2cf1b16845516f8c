//! Every standard check over a PostgreSQL table: the measurements are those of the same rows in a file, and the server's
//! own records show that no row of the table left it.

use std::collections::BTreeMap;

use serde_json::Value;
use watchkeeper_testkit::{POSTGRES_PASSWORD, Postgres};

use crate::bench::Bench;

/// Thirty-four days of a row every ten minutes, with gaps and a drift.
const ROWS: i64 = 5_000;

/// A check, its parameters, whether it compares with a baseline, and a metric of its own for the threshold.
const CHECKS: [(&str, &str, bool, &str); 12] = [
    ("null-rate", "columns = [\"income\", \"segment\", \"predicted\"]", false, "null_rate"),
    ("freshness", "", false, "age_minutes"),
    ("classification", "label = \"target\"\nscore = \"score\"\ndecision = \"decision\"", false, "auc"),
    ("regression", "target = \"price\"\nprediction = \"predicted\"", false, "rmse"),
    ("drift", "columns = [\"income\", \"score\", \"segment\", \"decision\"]", true, "psi"),
    ("kpi", "name = \"approval_rate\"\nvalue = \"decision\"\nsegment = \"segment\"", false, "approval_rate"),
    ("latency", "column = \"millis\"", false, "latency_ms"),
    ("job-success", "status = \"status\"", false, "success_rate"),
    ("error-log", "level = \"level\"\nmessage = \"message\"", false, "error_share"),
    ("trend", "value = \"price\"", false, "level"),
    ("volatility", "value = \"price\"", false, "volatility"),
    (
        "sql",
        "query = \"select 'spread' as metric, max(price) - min(price) as value, segment from input where segment is not null group by segment\"",
        false,
        "spread",
    ),
];

fn table(server: &Postgres) {
    server.run(&format!(
        "create table scored as select i as id, timestamptz '2024-01-01Z' + i * interval '10 minutes' as at,
           case when i % 17 <> 0 then (sin(i) * 100 + case when i > 3500 then 20 else 0 end)::float8 end as income,
           (abs(sin(i * 0.37)))::float8 as score, ((i * 7919) % 1000 < abs(sin(i * 0.37)) * 1000)::int as target,
           (abs(sin(i * 0.37)) > 0.6)::int as decision, (500 + 40 * cos(i * 0.1))::float8 as price,
           case when i % 23 <> 0 then (500 + 40 * cos(i * 0.1 + 0.05))::float8 end as predicted,
           case when i % 29 <> 0 then (array['north', 'south', 'Süd', 'east'])[1 + i % 4] end as segment,
           (20 + (i * 31) % 997)::float8 as millis, case when i % 40 = 0 then 'failed' else 'succeeded' end as status,
           case when i % 50 = 0 then 'ERROR' else 'info' end as level, 'request ' || i || ' took too long' as message
         from generate_series(1, {ROWS}) i;
         create extension pg_stat_statements;"
    ));
}

/// The table's rows as CSV.
fn exported(server: &Postgres) -> String {
    server.run(
        "set timezone = 'UTC'; copy (select id, to_char(at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as at, income, score, target,
         decision, price, predicted, segment, millis, status, level, message from scored order by id) to stdout (format csv, header)",
    )
}

fn monitor(check: &str, params: &str, with_baseline: bool, metric: &str, source: &str) -> String {
    let range = "from = \"2024-01-01T00:00:00Z\"\nto = \"2024-01-20T00:00:00Z\"";
    let baseline = if with_baseline { format!("[baseline]\nsource = \"{source}\"\n{range}\n") } else { String::new() };
    format!(
        "[monitor]\nid = \"{check}-{source}\"\ndescription = \"d\"\nlayer = \"model\"\nowner = \"ml-team\"\n\
         severity = \"info\"\nrunbook = \"model-degradation\"\n[schedule]\ncron = \"0 0 * * *\"\n\
         [input]\nsource = \"{source}\"\nwindow = \"12d\"\n{baseline}[check]\nplugin = \"{check}\"\n[check.params]\n{params}\n\
         [[threshold]]\nmetric = \"{metric}\"\nbreach = {{ above = 1e12 }}\n"
    )
}

fn workspace(server: &Postgres) -> Bench {
    let bench = Bench::sample();
    bench.edit("data/scored.csv", |_| exported(server));
    bench.edit("secrets/database", |_| server.url());
    bench.edit("config/sources.toml", |text| {
        format!(
            "{text}\n[source.file]\ntime_column = \"at\"\n[source.file.files]\npath = \"data/scored.csv\"\n\
             [source.table]\ntime_column = \"at\"\n[source.table.postgres]\nurl = {{ file = \"secrets/database\" }}\n\
             table = \"scored\"\n"
        )
    });
    for (check, params, with_baseline, metric) in CHECKS {
        for source in ["file", "table"] {
            let text = monitor(check, params, with_baseline, metric, source);
            bench.edit(&format!("config/monitors/{check}-{source}.toml"), |_| text);
        }
    }
    bench
}

/// The measurements of a monitor by series.
fn measured(bench: &Bench, monitor: &str) -> BTreeMap<String, f64> {
    let output = bench.run(&["check", monitor, "--at", "2024-02-02T00:00:00Z", "--json"]);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains(POSTGRES_PASSWORD), "{said}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{monitor}: {said}"));
    assert_eq!(found["verdict"], "ok", "{monitor}: {said}");
    let series = found["series"].as_array().expect("series").iter();
    let value = |one: &Value| one["value"].as_f64().expect("a number");
    series.map(|one| (format!("{} {}", one["metric"], one["labels"]), value(one))).collect()
}

#[test]
fn every_check_agrees_with_a_file_and_no_row_leaves_the_server() {
    let server = Postgres::start();
    table(&server);
    let bench = workspace(&server);
    for (check, ..) in CHECKS {
        let file = measured(&bench, &format!("{check}-file"));
        server.run("select pg_stat_statements_reset()");
        let before = server.statements("watchkeeper").len();
        let table = measured(&bench, &format!("{check}-table"));
        assert!(!file.is_empty() && file.keys().eq(table.keys()), "{check}: {file:?} {table:?}");
        for (series, wanted) in &file {
            let found = table[series];
            assert!((found - wanted).abs() <= 1e-9 * wanted.abs().max(1e-6), "{check} {series}: {wanted} {found}");
        }
        let statements = server.statements("watchkeeper").split_off(before);
        let reading: Vec<&String> = statements.iter().filter(|sql| sql.contains("\"scored\"")).collect();
        assert!(!reading.is_empty(), "{check} asked the server nothing");
        const BEGIN: [&str; 2] = ["WITH input AS (", "SELECT (SELECT "];
        let ours = |sql: &String| BEGIN.iter().any(|begin| sql.starts_with(begin)) || sql.contains(" CURSOR FOR WITH ");
        assert!(reading.iter().all(|sql| ours(sql)), "{check}: {reading:#?}");
        // Segments, labels or patterns are the most that a statement may give back.
        let larger = server.run(
            "select calls, rows, query from pg_stat_statements s join pg_database d on d.oid = s.dbid where datname = \
             current_database() and (query like '%\"scored\"%' or query like 'FETCH%') and rows > 5 * calls",
        );
        assert_eq!(larger, "", "{check}: a statement returned rows of the table");
    }
}
