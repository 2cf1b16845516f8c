//! Evaluations as a tick's row keeps them: without what the row says already, and with numbers for what rows say over and
//! over. What does not look like an evaluation is kept as it is.

use std::collections::{BTreeSet, HashMap};

use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sqlx::AnyConnection;
use watchkeeper_engine::ports::store::Claim;
use watchkeeper_model::Time;

use crate::{
    columns::{from_json, json as text, time},
    fault::Fault,
    store::SqlStore,
};

/// As `check --json` prints it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Printed {
    monitor: String,
    at: String,
    verdict: String,
    window: Window,
    series: Vec<PrintedSeries>,
    error: Option<String>,
    digests: PrintedDigests,
    elapsed_ms: i64,
    #[serde(default)]
    log: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    start: Option<String>,
    end: Option<String>,
    rows: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrintedSeries {
    metric: String,
    labels: Map<String, Value>,
    value: Option<f64>,
    baseline: Option<f64>,
    verdict: String,
    detail: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrintedDigests {
    plugin: Option<String>,
    config: String,
}

/// So many numbers are remembered, at most: labels that never come again must not add up.
const KNOWN_MAX: usize = 100_000;

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Rows, start and end.
    window: Vec<Value>,
    series: Vec<KeptSeries>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The plugin's and the configuration's, by number.
    digests: (Option<i64>, i64),
    ms: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    log: Vec<String>,
}

/// Metric and labels by number, then value, detail, baseline, and the verdict where it is not the tick's; nulls at the end
/// are left out.
type KeptSeries = Vec<Value>;

/// A row that holds an evaluation.
#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    scheduled_at: i64,
    monitor: String,
    verdict: String,
    evaluation: String,
}

/// What a [`Row`] is read by.
pub(crate) const COLUMNS: &str = "scheduled_at, monitor, verdict, evaluation";

/// The evaluations of rows as `check --json` prints them, each as far as it can be read.
pub(crate) async fn unpacked(db: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Result<Value, Fault>>, Fault> {
    let kept: Vec<(Row, Option<Kept>)> =
        rows.into_iter().map(|row| (from_json(&row.evaluation).ok(), row)).map(|(kept, row)| (row, kept)).collect();
    let numbers: BTreeSet<i64> = kept.iter().filter_map(|(_, kept)| kept.as_ref()).flat_map(Kept::numbers).collect();
    let said = texts(db, &numbers).await?;
    let read = kept.into_iter().map(|(row, kept)| match kept {
        Some(kept) => row.unpacked(&kept, &said),
        None => from_json(&row.evaluation),
    });
    Ok(read.collect())
}

/// What stands for these numbers.
async fn texts(db: &mut AnyConnection, numbers: &BTreeSet<i64>) -> Result<HashMap<i64, String>, Fault> {
    let asked: Vec<[i64; 1]> = numbers.iter().map(|number| [*number]).collect();
    let query = "SELECT id, text FROM repeated WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($1))";
    let found: Vec<(i64, String)> = sqlx::query_as(query).bind(text(&asked)?).fetch_all(db).await?;
    Ok(found.into_iter().collect())
}

impl Kept {
    /// Everything that it says by number.
    fn numbers(&self) -> impl Iterator<Item = i64> {
        let series = self.series.iter().filter_map(|series| series.first()?.as_i64());
        series.chain(self.digests.0).chain([self.digests.1])
    }
}

impl Row {
    fn unpacked(self, kept: &Kept, repeated: &HashMap<i64, String>) -> Result<Value, Fault> {
        let said = |number: i64| repeated.get(&number).ok_or_else(|| Fault::column("occurrence.evaluation", number));
        let field = |fields: &[Value], place: usize| fields.get(place).cloned().unwrap_or_default();
        let series = kept.series.iter().map(|series| {
            let (metric, labels): (Value, Value) =
                from_json(said(series.first().and_then(Value::as_i64).unwrap_or(0))?)?;
            Ok(json!({
                "metric": metric, "labels": labels, "value": field(series, 1), "detail": field(series, 2),
                "baseline": field(series, 3), "verdict": series.get(4).unwrap_or(&json!(self.verdict)),
            }))
        });
        let series: Vec<Value> = series.collect::<Result<_, Fault>>()?;
        let of_window = |place| field(&kept.window, place);
        Ok(json!({
            "monitor": self.monitor, "at": shown(time("occurrence.scheduled_at", self.scheduled_at)?),
            "window": { "rows": of_window(0), "start": of_window(1), "end": of_window(2) },
            "verdict": self.verdict, "series": series, "error": kept.error, "elapsed_ms": kept.ms,
            "log": kept.log,
            "digests": { "plugin": kept.digests.0.map(said).transpose()?, "config": said(kept.digests.1)? },
        }))
    }
}

/// The text for the row of a claimed tick.
pub(crate) async fn packed(store: &SqlStore, claim: &Claim, evaluation: &Value) -> Result<String, Fault> {
    let Ok(printed) = Printed::deserialize(evaluation) else { return text(evaluation) };
    if printed.monitor != claim.monitor.as_str() || printed.at != shown(claim.scheduled_at) {
        return text(evaluation);
    }
    let PrintedDigests { plugin, config } = printed.digests;
    let mut repeated = vec![config];
    for series in &printed.series {
        repeated.push(text(&(&series.metric, &series.labels))?);
    }
    let has_plugin = plugin.is_some();
    repeated.extend(plugin);
    let numbers = numbers(store, &repeated).await?;
    let series = printed.series.into_iter().zip(&numbers[1..]).map(|(series, number)| {
        let PrintedSeries { value, baseline, verdict, detail, .. } = series;
        let verdict = (verdict != printed.verdict).then_some(verdict);
        short([json!(number), json!(value), json!(detail), json!(baseline), json!(verdict)])
    });
    let series = series.collect();
    let window = short([json!(printed.window.rows), json!(printed.window.start), json!(printed.window.end)]);
    let digests = (numbers.last().copied().filter(|_| has_plugin), numbers[0]);
    text(&Kept { window, series, error: printed.error, digests, ms: printed.elapsed_ms, log: printed.log })
}

/// What a chart shows of a kept evaluation: values, baselines and verdicts; `None` where nothing else is there.
pub(crate) fn thinned(evaluation: &str) -> Option<String> {
    let kept: Kept = from_json(evaluation).ok()?;
    let thin = |series: KeptSeries| {
        let mut fields = series.into_iter();
        let mut field = || fields.next().unwrap_or_default();
        let (number, value, _detail, baseline, verdict) = (field(), field(), field(), field(), field());
        short([number, value, Value::Null, baseline, verdict])
    };
    let series = kept.series.into_iter().map(thin).collect();
    let thin = text(&Kept { window: Vec::new(), series, error: None, log: Vec::new(), ..kept }).ok()?;
    (thin.len() < evaluation.len()).then_some(thin)
}

/// Without the nulls at the end.
fn short<const N: usize>(fields: [Value; N]) -> Vec<Value> {
    let len = fields.iter().rposition(|field| !field.is_null()).map_or(0, |last| last + 1);
    fields.into_iter().take(len).collect()
}

fn shown(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The numbers of texts, given to those that are new in a transaction of its own.
async fn numbers(store: &SqlStore, texts: &[String]) -> Result<Vec<i64>, Fault> {
    let known = || {
        let known = store.repeated().known();
        texts.iter().map(|text| known.get(text).copied()).collect::<Option<Vec<i64>>>()
    };
    if let Some(numbers) = known() {
        return Ok(numbers);
    }
    // In one order, so that two replicas never wait for one another.
    let ordered: BTreeSet<[&str; 1]> = texts.iter().map(|text| [text.as_str()]).collect();
    let asked: Vec<[&str; 1]> = texts.iter().map(|text| [text.as_str()]).collect();
    let mut tx = store.write_beside().await?;
    sqlx::query(
        "INSERT INTO repeated (text) SELECT value ->> 0 FROM json_each($1) WHERE TRUE ON CONFLICT (text) DO NOTHING",
    )
    .bind(text(&ordered)?)
    .execute(&mut *tx)
    .await?;
    let query =
        "SELECT repeated.id FROM json_each($1) AS asked JOIN repeated ON text = asked.value ->> 0 ORDER BY asked.key";
    let numbers: Vec<i64> = sqlx::query_scalar(query).bind(text(&asked)?).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    let mut known = store.repeated().known();
    if known.len() > KNOWN_MAX {
        known.clear();
    }
    known.extend(texts.iter().cloned().zip(numbers.iter().copied()));
    Ok(numbers)
}
