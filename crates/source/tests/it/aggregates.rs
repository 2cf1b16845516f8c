//! Every aggregate, in memory and streamed, against answers worked out by hand.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, TimestampSecondArray};
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Sources};

use crate::workspace::{Workspace, ask, named, open, span};

fn table() -> Workspace {
    let workspace = Workspace::new().files("t", "t.parquet", Some("at"));
    let x: ArrayRef = Arc::new(Float64Array::from(vec![
        Some(1.0),
        None,
        Some(f64::NAN),
        Some(3.0),
        Some(-0.0),
        Some(0.0),
        Some(10.0),
    ]));
    let n: ArrayRef = Arc::new(Int64Array::from(vec![Some(2), Some(2), None, Some(1), Some(1), Some(-5), Some(2)]));
    let s: ArrayRef =
        Arc::new(StringArray::from(vec![Some("b"), Some("a"), None, Some("b"), Some("a"), Some(""), Some("c")]));
    let at: ArrayRef = Arc::new(TimestampSecondArray::from(vec![0, 1, 2, 3, 4, 5, 6]));
    workspace.parquet("t.parquet", vec![("x", x), ("n", n), ("s", s), ("at", at)]);
    workspace
}

#[tokio::test]
async fn answers_leave_out_nulls_and_nans() {
    let workspace = table();
    let (x, n, s, at) = (|| "x".to_owned(), || "n".to_owned(), || "s".to_owned(), || "at".to_owned());
    let group = |value: &str, count| (value.to_owned(), count);
    let cases = [
        (Aggregate::Rows, Answer::Count(7)),
        (Aggregate::Nulls(x()), Answer::Count(1)),
        (Aggregate::Nans(x()), Answer::Count(1)),
        (Aggregate::Nans(n()), Answer::Count(0)),
        (Aggregate::Distinct(x()), Answer::Count(4)),
        (Aggregate::Distinct(s()), Answer::Count(4)),
        (Aggregate::Minimum(x()), Answer::Number(Some(0.0))),
        (Aggregate::Maximum(x()), Answer::Number(Some(10.0))),
        (Aggregate::Maximum(at()), Answer::Number(Some(6_000_000.0))),
        (Aggregate::Mean(x()), Answer::Number(Some(2.8))),
        (Aggregate::Deviation(n()), Answer::Number(Some((37.5_f64 / 5.0).sqrt()))),
        (Aggregate::Quantile(x(), 0.5), Answer::Number(Some(1.0))),
        (Aggregate::Quantile(x(), 0.9), Answer::Number(Some(7.2))),
        (Aggregate::Histogram(x(), vec![0.0, 3.0]), Answer::Counts(vec![0, 3, 2])),
        (Aggregate::Histogram(n(), vec![]), Answer::Counts(vec![6])),
        (Aggregate::Top(n(), 2), Answer::Groups(vec![group("2", 3), group("1", 2)])),
        (Aggregate::Top(s(), 3), Answer::Groups(vec![group("a", 2), group("b", 2), group("", 1)])),
        (Aggregate::Top(x(), 9), Answer::Groups(vec![group("0", 2), group("1", 1), group("3", 1), group("10", 1)])),
        (Aggregate::Top(at(), 1), Answer::Groups(vec![group("1970-01-01T00:00:00Z", 1)])),
    ];
    let asks: Vec<Aggregate> = cases.iter().map(|(ask, _)| ask.clone()).collect();
    for sources in [workspace.held(), workspace.streamed()] {
        let answers = open(&sources, "t").await.aggregate(&asks).await.expect("answers");
        for ((ask, wanted), found) in cases.iter().zip(&answers) {
            match (wanted, found) {
                (Answer::Number(Some(a)), Answer::Number(Some(b))) => assert!((a - b).abs() <= 1e-12, "{ask:?}: {b}"),
                _ => assert_eq!(wanted, found, "{ask:?}"),
            }
        }
    }
}

#[tokio::test]
async fn nothing_to_answer_from_is_no_number() {
    let workspace = table();
    let empty = span("2030-01-01T00:00:00Z", "");
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = sources.open(&named("t"), empty).await.expect("opened");
        let x = || "x".to_owned();
        for ask_ in [
            Aggregate::Mean(x()),
            Aggregate::Deviation(x()),
            Aggregate::Minimum(x()),
            Aggregate::Maximum(x()),
            Aggregate::Quantile(x(), 0.5),
        ] {
            assert_eq!(ask(&frame, ask_.clone()).await, Answer::Number(None), "{ask_:?}");
        }
        assert_eq!(ask(&frame, Aggregate::Histogram(x(), vec![1.0])).await, Answer::Counts(vec![0, 0]));
        assert!(frame.aggregate(&[]).await.expect("no asks").is_empty());
    }
}

/// 40,000 rows that stand in several batches, with gaps, in file order by time.
fn long_table() -> Workspace {
    let workspace = Workspace::new().files("long", "long.parquet", Some("at"));
    let rows = 0..40_000_i64;
    let x: ArrayRef =
        Arc::new(rows.clone().map(|i| (i % 11 != 0).then(|| (i as f64).sin() * 1e6 + 1e9)).collect::<Float64Array>());
    let n: ArrayRef = Arc::new(rows.clone().map(|i| (i % 7 != 0).then_some(i % 100)).collect::<Int64Array>());
    let s: ArrayRef =
        Arc::new(rows.clone().map(|i| (i % 5 != 0).then(|| format!("v{}", i % 13))).collect::<StringArray>());
    let at: ArrayRef = Arc::new(rows.map(Some).collect::<TimestampSecondArray>());
    workspace.parquet("long.parquet", vec![("x", x), ("n", n), ("s", s), ("at", at)]);
    workspace
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_and_stream_agree_to_the_bit() {
    let workspace = long_table();
    let mut asks = vec![Aggregate::Rows, Aggregate::Top("s".into(), 20), Aggregate::Distinct("x".into())];
    for column in ["x", "n"] {
        let c = || column.to_owned();
        asks.extend([Aggregate::Nulls(c()), Aggregate::Nans(c()), Aggregate::Mean(c()), Aggregate::Deviation(c())]);
        asks.extend([
            Aggregate::Minimum(c()),
            Aggregate::Maximum(c()),
            Aggregate::Histogram(c(), vec![10.0, 50.0, 1e9]),
        ]);
        asks.extend((0..=10).map(|tenth| Aggregate::Quantile(c(), f64::from(tenth) / 10.0)));
    }
    for span in [span("", ""), span("1970-01-01T00:10:00Z", "1970-01-01T07:00:01Z")] {
        let held = workspace.held().open(&named("long"), span).await.expect("opened");
        let streamed = workspace.streamed().open(&named("long"), span).await.expect("opened");
        let answers = held.aggregate(&asks).await.expect("answers");
        assert_eq!(answers, streamed.aggregate(&asks).await.expect("answers"));
        assert_eq!(answers, held.aggregate(&asks).await.expect("answers"), "asked again");
        let queried = streamed.query("select * from input").await.expect("a query");
        assert_eq!(answers, queried.aggregate(&asks).await.expect("answers"));
    }
}

#[tokio::test]
async fn an_unfit_ask_names_column_and_type() {
    let frame = open(&table().held(), "t").await;
    for (ask, wanted) in [
        (Aggregate::Mean("s".into()), "source `t`: a mean of `s` needs numbers, but the column is Utf8"),
        (
            Aggregate::Quantile("at".into(), 0.5),
            "source `t`: a quantile of `at` needs numbers, but the column is Timestamp(s)",
        ),
        (
            Aggregate::Quantile("x".into(), 1.5),
            "source `t`: a quantile of `x` is asked at 1.5; it must be within 0 and 1",
        ),
        (
            Aggregate::Histogram("x".into(), vec![2.0, 1.0]),
            "source `t`: the edges of the histogram of `x` do not ascend",
        ),
        (Aggregate::Nulls("y".into()), "source `t`: there is no column `y`; there are `x`, `n`, `s`, `at`"),
    ] {
        assert_eq!(frame.aggregate(&[ask]).await.expect_err("unfit").message, wanted);
    }
}
