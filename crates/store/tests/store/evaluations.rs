//! An evaluation comes back as it was printed, and takes little room meanwhile.

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use watchkeeper_engine::{
    Evaluation, EvaluationDigests, Window,
    ports::store::{CheckRecord, Store as _},
};
use watchkeeper_model::{Cause, Judged, Labels, Series, Subject, Time, Verdict};
use watchkeeper_store::SqlStore;

use crate::fixture::{at, incident, name, opening, record};

fn judged(column: &str, value: Option<f64>, verdict: Verdict) -> Judged {
    let labels = Labels::from([("column".to_owned(), column.to_owned())]);
    let subject = Subject::Series(Series { metric: "null_rate".to_owned(), labels });
    let detail = Some("2 of 168 rows".to_owned());
    let (baseline, counted, limit, excess) = (None, None, None, None);
    Judged { subject, value, baseline, verdict, counted, limit, excess, detail }
}

fn evaluation(tick: Time) -> Evaluation {
    Evaluation {
        monitor: name("nulls"),
        at: tick,
        window: Window { start: None, end: None, rows: Some(168) },
        verdict: Verdict::Ok,
        series: ["income", "age", "amount"].map(|column| judged(column, Some(2.0 / 168.0), Verdict::Ok)).into(),
        error: None,
        digests: EvaluationDigests { plugin: Some("a".repeat(64)), config: "b".repeat(64) },
        elapsed_ms: 3,
        log: vec!["warn: a line".to_owned()],
    }
}

/// Records it, and reads it again.
async fn comes_back(evaluation: &Evaluation) {
    let store = crate::common::store().await;
    let claim = store.claim(&evaluation.monitor, evaluation.at, evaluation.at).await.unwrap().unwrap();
    let opening = opening(&incident("aa11", "nulls"), evaluation.at);
    let (verdict, printed) = (evaluation.verdict, json!(evaluation));
    record(&store, &claim, CheckRecord { verdict, evaluation: printed.clone(), ..opening }).await;
    let read = store.evaluation(&evaluation.monitor, evaluation.at).await.unwrap();
    assert_eq!(read, Some(printed));
    let past = store.past_ticks(&evaluation.monitor, evaluation.at + chrono::TimeDelta::seconds(1), 1).await.unwrap();
    assert_eq!((past[0].at, past[0].verdict), (evaluation.at, evaluation.verdict));
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let values = |series: &Judged| (finite(series.value), finite(series.baseline), series.verdict);
    let measured: Vec<_> = evaluation.series.iter().filter(|judged| judged.subject.series().is_some()).collect();
    let read: Vec<_> = past[0].series.iter().map(|series| (series.value, series.baseline, series.verdict)).collect();
    assert_eq!(read, measured.into_iter().map(values).collect::<Vec<_>>());
}

#[tokio::test]
async fn whatever_it_holds_it_comes_back_as_it_was() {
    let well = evaluation(at(0));
    comes_back(&well).await;
    let mut bad = well.clone();
    bad.verdict = Verdict::Breach;
    bad.window.start = Some(at(-3_600));
    bad.window.end = Some(at(0));
    bad.series.push(judged("score", Some(f64::NAN), Verdict::Breach));
    bad.series.push(Judged { baseline: Some(0.1), ..judged("least", Some(5e-324), Verdict::Warn) });
    comes_back(&bad).await;
    let unmeasured = Judged { subject: Subject::Unmeasured(Cause::Error), ..judged("income", None, Verdict::Error) };
    let failed = Evaluation {
        window: Window { start: None, end: None, rows: None },
        verdict: Verdict::Error,
        series: vec![unmeasured],
        error: Some("the source `scores` does not answer".to_owned()),
        digests: EvaluationDigests { plugin: None, config: "c".repeat(64) },
        ..well
    };
    comes_back(&failed).await;
}

/// A check that finds nothing.
pub(crate) fn quiet(tick: Time) -> CheckRecord {
    let quiet = opening(&incident("aa11", "nulls"), tick);
    let (incidents, steps, messages, ledger, states) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (verdict, evaluation) = (Verdict::Ok, json!(evaluation(tick)));
    CheckRecord { incidents, steps, messages, ledger, states, verdict, evaluation, ..quiet }
}

#[tokio::test]
async fn of_a_long_time_each_part_shows_its_first_tick() {
    let store = crate::common::store().await;
    let monitor = name("nulls");
    let minute = |minute: i64| at(minute * 60);
    for tick in (0..40).map(minute) {
        let claim = store.claim(&monitor, tick, tick).await.unwrap().unwrap();
        record(&store, &claim, quiet(tick)).await;
    }
    let all = store.ticks(&monitor, minute(0), minute(39), 40).await.unwrap();
    assert_eq!((all.recorded, all.shown.len()), (40, 40));
    let some = store.ticks(&monitor, minute(0), minute(39), 10).await.unwrap();
    let times: Vec<_> = some.shown.iter().map(|tick| tick.at).collect();
    let expected = [0, 4, 8, 12, 16, 20, 24, 28, 32, 36].map(minute);
    assert_eq!((some.recorded, times), (40, expected.to_vec()));
    assert_eq!(store.ticks(&name("latency"), minute(0), minute(1), 10).await.unwrap().recorded, 0);
}

#[tokio::test]
async fn a_tick_of_three_series_takes_under_three_hundred_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqlStore::open(folder.path()).await.unwrap();
    let run = async |ticks: std::ops::Range<i64>| {
        for tick in ticks.map(|minute| at(minute * 60)) {
            let claim = store.claim(&name("nulls"), tick, tick).await.unwrap().unwrap();
            record(&store, &claim, quiet(tick)).await;
        }
        let file = SqliteConnectOptions::new().filename(folder.path().join("watchkeeper.db"));
        let mut reader = SqliteConnection::connect_with(&file).await.unwrap();
        let bytes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        sqlx::query_scalar::<_, i64>(bytes).fetch_one(&mut reader).await.unwrap()
    };
    let (before, after) = (run(0..1_000).await, run(1_000..3_000).await);
    assert!(after - before <= 300 * 2_000, "{} B a tick", (after - before) / 2_000);
}
