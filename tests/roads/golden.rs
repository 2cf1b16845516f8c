//! The golden cases on every road.

use std::path::Path;
use std::time::Duration;

use datafusion::arrow::compute::concat_batches;
use datafusion::prelude::{CsvReadOptions, JsonReadOptions, ParquetReadOptions, SessionContext};
use serde_json::Value;
use watchkeeper_model::ParamValue;
use watchkeeper_testkit::Postgres;

use crate::measured::{Asked, Checks, Ended, near};
use crate::road::{Road, Roads, Rows, View};

const TEXT: &str = include_str!("../golden/golden.json");

/// What a database cannot do and says so, by case and road, with a part of what it says.
const REFUSED: [(&str, Road, &str); 3] = [
    ("kpi-huge", Road::Postgres, "value out of range: overflow"),
    ("sql-missing-values", Road::Sqlite, "cannot be written for this database: Unsupported operator: Values"),
    ("sql-missing-values", Road::Postgres, "cannot be written for this database: Unsupported operator: Values"),
];

/// Rows that a table of SQLite cannot hold, which has no NaN, and types that none of the databases tells apart.
const UNHELD: [(&str, Road); 3] =
    [("null-rate-nan-is-a-value", Road::Sqlite), ("schema-several", Road::Sqlite), ("schema-several", Road::Postgres)];

struct Case {
    name: String,
    asked: Asked,
    wanted: Ended,
}

/// The rows of a source of the golden file, and the views over them.
async fn add(rows: &mut Vec<Rows>, views: &mut Vec<View>, name: &str, role: &str, source: &Value) -> bool {
    let time_column = source["time_column"].as_str().map(str::to_owned);
    let Some(sql) = source["sql"].as_str() else { return file(rows, name, source).await };
    let (under, mut sql) = (format!("{name}-file"), sql.to_owned());
    let mut inputs = vec![under.clone()];
    sql = sql.replace(&format!("{{{role}}}"), &format!("\"{under}\""));
    let mut there = file(rows, &under, source).await;
    for (other, source) in source["with"].as_object().into_iter().flatten() {
        let under = format!("{name}-{other}");
        sql = sql.replace(&format!("{{{other}}}"), &format!("\"{under}\""));
        there &= file(rows, &under, source).await;
        inputs.push(under);
    }
    views.push(View { name: name.to_owned(), inputs, sql, time_column });
    there
}

/// Whether the file is there: some cases are about one that is not.
async fn file(rows: &mut Vec<Rows>, name: &str, source: &Value) -> bool {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie in the repository");
    let path = repository.join(source["path"].as_str().expect("a path"));
    if !path.exists() {
        return false;
    }
    let (context, path) = (SessionContext::new(), path.display().to_string());
    let frame = match path.rsplit('.').next() {
        Some("csv") => context.read_csv(&path, CsvReadOptions::new()).await,
        Some("jsonl") => context.read_json(&path, JsonReadOptions::default().file_extension(".jsonl")).await,
        _ => context.read_parquet(&path, ParquetReadOptions::new()).await,
    };
    let frame = frame.expect("a table");
    let schema = frame.schema().inner().clone();
    let batches = frame.collect().await.expect("rows");
    let batch = concat_batches(&schema, &batches).expect("one batch");
    let time_column = source["time_column"].as_str().map(str::to_owned);
    rows.push(Rows { name: name.to_owned(), batch, time_column });
    true
}

fn param(value: &Value) -> ParamValue {
    match value {
        Value::Bool(flag) => ParamValue::Flag(*flag),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| ParamValue::Number(number.as_f64().expect("a number")), ParamValue::Integer)
        }
        Value::String(text) => ParamValue::Text(text.clone()),
        Value::Array(items) if items.iter().all(Value::is_number) && !items.is_empty() => {
            ParamValue::Numbers(items.iter().map(|item| item.as_f64().expect("a number")).collect())
        }
        Value::Array(items) => {
            ParamValue::Texts(items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect())
        }
        other => panic!("no parameter: {other}"),
    }
}

fn window(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => 86_400,
    };
    Duration::from_secs(number.parse::<u64>().expect("a number") * seconds)
}

fn wanted(case: &Value) -> Ended {
    let reason = || case["reason"].as_str().unwrap_or_default().to_owned();
    match case["verdict"].as_str().expect("a verdict") {
        "no_data" => Ended::NoData(reason()),
        "error" => Ended::Failed(reason()),
        _ => {
            let value = |series: &Value| {
                let labels = series["labels"].as_object().expect("labels").iter();
                let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={value}")).collect();
                let metric = series["metric"].as_str().expect("a metric");
                let name =
                    if labels.is_empty() { metric.to_owned() } else { format!("{metric}{{{}}}", labels.join(", ")) };
                (name, series["value"].as_f64().expect("a number"))
            };
            let series = case["series"].as_array().expect("series").iter();
            // A road is one tick's: what a check makes of earlier ones is not on it.
            let alone = |series: &&Value| !case["begins"].is_string() || series["metric"] == "level";
            Ended::Values(series.filter(alone).map(value).collect())
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_golden_case_is_the_same_on_every_road() {
    let golden: Value = serde_json::from_str(TEXT).expect("JSON");
    let (mut rows, mut views, mut cases) = (Vec::new(), Vec::new(), Vec::new());
    for case in golden["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name").to_owned();
        let baseline = case["baseline"].is_object().then(|| format!("{name}-baseline"));
        let mut there = add(&mut rows, &mut views, &name, "current", &case["current"]).await;
        if let Some(baseline) = &baseline {
            there &= add(&mut rows, &mut views, baseline, "baseline", &case["baseline"]).await;
        }
        if !there {
            continue;
        }
        let params = case["params"].as_object().expect("params").iter();
        let asked = Asked {
            plugin: case["check"].as_str().expect("a check").to_owned(),
            params: params.map(|(name, value)| (name.clone(), param(value))).collect(),
            source: name.clone(),
            baseline,
            window: case["window"].as_str().map(window),
            at: case["at"].as_str().expect("a tick").parse().expect("a time"),
        };
        cases.push(Case { name, asked, wanted: wanted(case) });
    }
    let server = Postgres::start();
    let roads = Roads::of(&rows, &views, &server);
    let checks = Checks::start();
    let mut wrong = Vec::new();
    for case in &cases {
        for road in Road::ALL {
            if UNHELD.contains(&(case.name.as_str(), road)) {
                continue;
            }
            let found = checks.run(&roads, road, &case.asked).await;
            let refused = REFUSED.iter().find(|(name, on, _)| *name == case.name && *on == road);
            let wanted = match (refused, &case.wanted) {
                (Some((.., part)), _) => Ended::Failed((*part).to_owned()),
                // A database says it in its own words.
                (None, Ended::Failed(_)) if matches!(road, Road::Sqlite | Road::Postgres) => {
                    Ended::Failed(String::new())
                }
                (None, wanted) => wanted.clone(),
            };
            if let Some(difference) = differs(&wanted, &found) {
                wrong.push(format!("{} on the road {road:?}: {difference}", case.name));
            }
        }
    }
    assert!(cases.len() > 250, "{} cases", cases.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// An expected 0 must be 0; of a reason, a part is expected.
fn differs(wanted: &Ended, found: &Ended) -> Option<String> {
    match (wanted, found) {
        (Ended::Values(one), Ended::Values(other)) => {
            let same = one.keys().eq(other.keys()) && one.iter().all(|(name, value)| near(*value, other[name]));
            (!same).then(|| wanted.differs_from(found).unwrap_or_default())
        }
        (Ended::NoData(part), Ended::NoData(reason)) | (Ended::Failed(part), Ended::Failed(reason)) => {
            (!reason.contains(part)).then(|| format!("{reason:?} without {part:?}"))
        }
        _ => Some(format!("{found:?} instead of {wanted:?}")),
    }
}
