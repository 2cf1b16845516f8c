//! The same rows as a Parquet file and as a table, and every question about them.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use watchkeeper_engine::ports::frame::{Aggregate, Answer, ClassColumns, Classes, Errors, Frame};

use crate::workspace::Workspace;

/// More than a chunk of a scan would hold is not needed: what matters is every kind of value.
const ROWS: i64 = 3_000;

/// 2024-01-01T00:00:00Z, and ten minutes a row.
const START: i64 = 1_704_067_200_000_000;
const STEP: i64 = 600_000_000;

/// A row; `x` may be a NaN or infinite.
pub(crate) struct Row {
    pub(crate) x: Option<f64>,
    pub(crate) m: Option<f64>,
    pub(crate) n: Option<i64>,
    pub(crate) f: Option<bool>,
    pub(crate) s: Option<String>,
    pub(crate) p: Option<f64>,
    pub(crate) at: i64,
}

/// Numbers of mixed size with nulls, ties and, where wanted, NaNs and zeros of both signs.
pub(crate) fn rows(nans: bool) -> Vec<Row> {
    let texts = ["b", "a", "B", "É", "é", "", "a longer text, with \"quotes\""];
    let row = |i: i64| Row {
        x: match i % 17 {
            0 => None,
            1 => Some(if nans { f64::NAN } else { 2.5 }),
            2 => Some(if nans { -0.0 } else { 0.0 }),
            3 => Some(0.0),
            _ => Some((i as f64 * 0.7).sin() * 10_f64.powi((i % 5) as i32)),
        },
        m: (i % 13 != 0).then(|| 1e9 + (i % 7) as f64 / 8.0),
        n: (i % 11 != 0).then_some((i * i) % 23 - 5),
        f: (i % 5 != 0).then_some(i % 3 == 0),
        s: (i % 9 != 0).then(|| texts[(i % 7) as usize].to_owned()),
        p: (i % 19 != 0).then(|| ((i * 31) % 100) as f64 / 99.0),
        at: START + i * STEP + 123_456,
    };
    (0..ROWS).map(row).collect()
}

/// A source `file` over a Parquet file of the rows.
pub(crate) fn with_file(workspace: Workspace, rows: &[Row]) -> Workspace {
    let workspace = workspace.files("file", "rows.parquet", Some("at"));
    let x: ArrayRef = Arc::new(rows.iter().map(|row| row.x).collect::<Float64Array>());
    let m: ArrayRef = Arc::new(rows.iter().map(|row| row.m).collect::<Float64Array>());
    let n: ArrayRef = Arc::new(rows.iter().map(|row| row.n).collect::<Int64Array>());
    let f: ArrayRef = Arc::new(rows.iter().map(|row| row.f).collect::<BooleanArray>());
    let s: ArrayRef = Arc::new(rows.iter().map(|row| row.s.clone()).collect::<StringArray>());
    let p: ArrayRef = Arc::new(rows.iter().map(|row| row.p).collect::<Float64Array>());
    let at = rows.iter().map(|row| Some(row.at)).collect::<TimestampMicrosecondArray>().with_timezone("UTC");
    let at: ArrayRef = Arc::new(at);
    workspace.parquet("rows.parquet", vec![("x", x), ("m", m), ("n", n), ("f", f), ("s", s), ("p", p), ("at", at)]);
    workspace
}

/// The rows as `insert` statements' values; `time` writes a time.
pub(crate) fn values(rows: &[Row], time: impl Fn(i64) -> String) -> String {
    let number = |x: f64| if x.is_nan() { "'NaN'".to_owned() } else { format!("{x:?}") };
    let or_null = |text: Option<String>| text.unwrap_or_else(|| "null".to_owned());
    let row = |row: &Row| {
        format!(
            "({}, {}, {}, {}, {}, {}, {})",
            or_null(row.x.map(number)),
            or_null(row.m.map(number)),
            or_null(row.n.map(|n| n.to_string())),
            or_null(row.f.map(|f| f.to_string())),
            or_null(row.s.as_ref().map(|s| format!("'{s}'"))),
            or_null(row.p.map(number)),
            time(row.at),
        )
    };
    rows.iter().map(row).collect::<Vec<_>>().join(",\n")
}

/// Every kind of question about every column that it fits.
pub(crate) fn questions() -> Vec<Aggregate> {
    let mut asks = vec![Aggregate::Rows, Aggregate::Maximum("at".into()), Aggregate::Minimum("at".into())];
    for column in ["x", "m", "n", "f", "s", "p", "at"] {
        let c = || column.to_owned();
        asks.extend([Aggregate::Nulls(c()), Aggregate::Nans(c()), Aggregate::Distinct(c()), Aggregate::Top(c(), 6)]);
    }
    for column in ["x", "m", "n", "f"] {
        let c = || column.to_owned();
        asks.extend([
            Aggregate::Mean(c()),
            Aggregate::Deviation(c()),
            Aggregate::Minimum(c()),
            Aggregate::Maximum(c()),
        ]);
        asks.extend([0.0, 0.1, 0.25, 0.5, 0.95, 0.999, 1.0].map(|share| Aggregate::Quantile(c(), share)));
        asks.push(Aggregate::Histogram(c(), vec![-1.0, 0.0, 0.0, 0.5, 3.0, 1e9, 1e9 + 0.25]));
        asks.push(Aggregate::Histogram(c(), vec![]));
        asks.push(Aggregate::Histogram(c(), vec![f64::NEG_INFINITY, 1.0, f64::INFINITY]));
    }
    for (label, decision) in [("f", None), ("f", Some("f")), ("n", None), ("f", Some("n"))] {
        let decision = decision.map(str::to_owned);
        let (label, score) = (label.to_owned(), "p".to_owned());
        asks.push(Aggregate::Classes(ClassColumns { label, score, decision, threshold: 0.4 }));
    }
    let outside = ClassColumns { label: "f".into(), score: "x".into(), decision: None, threshold: 0.0 };
    asks.push(Aggregate::Classes(outside));
    asks.push(Aggregate::Errors { target: "m".into(), prediction: "x".into() });
    asks.push(Aggregate::Errors { target: "x".into(), prediction: "n".into() });
    asks
}

/// Both frames give the same answers: counts and groups exactly, numbers to 1e-11.
pub(crate) async fn agree(file: &Arc<dyn Frame>, database: &Arc<dyn Frame>, asks: &[Aggregate]) {
    let wanted = file.aggregate(asks).await.expect("the file answers");
    let found = database.aggregate(asks).await.expect("the database answers");
    assert_eq!(wanted.len(), found.len());
    for ((ask, wanted), found) in asks.iter().zip(&wanted).zip(&found) {
        assert!(same(wanted, found), "{ask:?}: the file says {wanted:?}, the database {found:?}");
    }
}

fn same(wanted: &Answer, found: &Answer) -> bool {
    match (wanted, found) {
        (Answer::Number(Some(a)), Answer::Number(Some(b))) => near(*a, *b),
        (Answer::Classes(a), Answer::Classes(b)) => {
            let sums = a.outside > 0 || (near(a.log_loss_sum, b.log_loss_sum) && near(a.brier_sum, b.brier_sum));
            let rest = Classes { log_loss_sum: b.log_loss_sum, brier_sum: b.brier_sum, ..*a };
            sums && rest == *b
        }
        (Answer::Errors(a), Answer::Errors(b)) => {
            let sums =
                |of: &Errors| [of.error_sum, of.absolute_sum, of.relative_sum, of.squared_sum, of.target_squares];
            (a.rows, a.skipped) == (b.rows, b.skipped) && sums(a).into_iter().zip(sums(b)).all(|(a, b)| near(a, b))
        }
        _ => wanted == found,
    }
}

fn near(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-11 * a.abs().max(1e-3)
}
