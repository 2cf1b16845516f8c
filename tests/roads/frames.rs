//! Random rows: every kind of value that data has, and the least of them that still shows a fault.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt64Array,
};
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop};
use proptest::prop_oneof;

/// Midnight of the tick, 2024-03-02T00:00:00Z, in microseconds.
pub(crate) const TICK: i64 = 1_709_337_600_000_000;

const MINUTE: i64 = 60_000_000;

/// The rows of a window and of a baseline.
#[derive(Debug, Clone)]
pub(crate) struct Frames {
    pub(crate) current: Vec<Row>,
    pub(crate) baseline: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// A time of the time column.
    at: Option<i64>,
    /// A time as a text, with a zone or without.
    said: Option<String>,
    /// A float of any size.
    x: Option<f64>,
    /// A float that is mostly near `x` in size.
    y: Option<f64>,
    /// A whole number that is kept as a float.
    pub(crate) w: Option<f64>,
    /// A positive number.
    pub(crate) price: Option<f64>,
    pub(crate) n: Option<i64>,
    /// An identifier, which may be beyond the signed ones.
    u: Option<u64>,
    /// Hundredths.
    cents: Option<i64>,
    f: Option<bool>,
    /// A score between 0 and 1.
    score: Option<f64>,
    label: Option<i64>,
    /// A short text.
    t: Option<String>,
    /// A line of a log.
    line: Option<String>,
}

impl Frames {
    /// Frames with less in them, the smallest first.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        let sides: [fn(&mut Self) -> &mut Vec<Row>; 2] = [|frames| &mut frames.current, |frames| &mut frames.baseline];
        for with in sides {
            let rows = with(&mut self.clone()).len();
            let halves = std::iter::successors(Some(rows), |part| (*part > 1).then(|| part / 2));
            for part in halves.filter(|part| *part > 0) {
                for start in (0..rows).step_by(part) {
                    let mut less = self.clone();
                    with(&mut less).drain(start..rows.min(start + part));
                    smaller.push(less);
                }
            }
            for row in 0..rows {
                for cell in 0..CELLS {
                    let mut less = self.clone();
                    if with(&mut less)[row].clear(cell) {
                        smaller.push(less);
                    }
                }
            }
        }
        smaller
    }
}

/// Cells of a row.
const CELLS: usize = 14;

impl Row {
    /// Takes one cell's value away, if it has one.
    fn clear(&mut self, cell: usize) -> bool {
        match cell {
            0 => self.at.take().is_some(),
            1 => self.said.take().is_some(),
            2 => self.x.take().is_some(),
            3 => self.y.take().is_some(),
            4 => self.w.take().is_some(),
            5 => self.price.take().is_some(),
            6 => self.n.take().is_some(),
            7 => self.u.take().is_some(),
            8 => self.cents.take().is_some(),
            9 => self.f.take().is_some(),
            10 => self.score.take().is_some(),
            11 => self.label.take().is_some(),
            12 => self.t.take().is_some(),
            _ => self.line.take().is_some(),
        }
    }
}

/// Frames of no, one or some rows.
pub(crate) fn frames() -> impl Strategy<Value = Frames> {
    let rows = || prop_oneof![1 => Just(0..1_usize), 1 => Just(1..2), 8 => Just(2..24)];
    let side = || rows().prop_flat_map(|rows| prop::collection::vec(row(), rows));
    (side(), side()).prop_map(|(current, baseline)| Frames { current, baseline })
}

fn row() -> impl Strategy<Value = Row> {
    let whole = prop_oneof![4 => (-4_i64..9).prop_map(|n| n as f64), 1 => Just(f64::NAN)];
    let first = (
        weighted(0.9, time()),
        weighted(0.9, time().prop_flat_map(said)),
        weighted(0.85, number()),
        weighted(0.85, number()),
        weighted(0.85, whole),
        weighted(0.9, prop_oneof![4 => 0.5..90.0_f64, 1 => Just(1.0)]),
        weighted(0.85, prop_oneof![6 => -5_i64..6, 1 => any::<i32>().prop_map(i64::from)]),
    );
    let second = (
        weighted(0.9, prop_oneof![4 => 0_u64..9, 1 => Just(u64::MAX), 1 => Just(9_223_372_036_854_775_813)]),
        weighted(0.9, -500_i64..500),
        weighted(0.85, any::<bool>()),
        weighted(0.9, prop_oneof![0.0..=1.0_f64, Just(0.5), Just(1e-170)]),
        weighted(0.9, 0_i64..2),
        weighted(0.85, word()),
        weighted(0.9, line()),
    );
    (first, second).prop_map(|((at, said, x, y, w, price, n), (u, cents, f, score, label, t, line))| Row {
        at,
        said,
        x,
        y,
        w,
        price,
        n,
        u,
        cents,
        f,
        score,
        label,
        t,
        line,
    })
}

/// Up to three days before the tick, at it, and seldom after it or beyond what nanoseconds count.
fn time() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => (0_i64..4_320).prop_map(|ago| TICK - ago * MINUTE),
        1 => (0_i64..4_320).prop_map(|ago| TICK - ago * MINUTE - 123_456),
        1 => Just(TICK),
        1 => (1_i64..900).prop_map(|later| TICK + later * MINUTE),
        // 9999-12-31T23:59:59Z
        1 => Just(253_402_300_799_000_000),
    ]
}

/// A time as people write it.
fn said(micros: i64) -> impl Strategy<Value = String> {
    (0..5_u8).prop_map(move |way| {
        let at = |shift: i64| chrono(micros + shift * 60 * MINUTE);
        match way {
            0 => format!("{}Z", at(0).format("%Y-%m-%dT%H:%M:%S%.f")),
            1 => format!("{}", at(0).format("%Y-%m-%d %H:%M:%S%.6f")),
            2 if micros < TICK * 2 => format!("{}+05:00", at(5).format("%Y-%m-%dT%H:%M:%S%.f")),
            3 if micros < TICK * 2 => format!("{}-03:30", chrono(micros - 210 * MINUTE).format("%Y-%m-%dT%H:%M:%S%.f")),
            _ => format!("{}+00:00", at(0).format("%Y-%m-%dT%H:%M:%S%.f")),
        }
    })
}

fn chrono(micros: i64) -> watchkeeper_model::Time {
    watchkeeper_model::Time::from_timestamp_micros(micros).expect("a time")
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -90.0..90.0_f64,
        4 => (-3_i32..4).prop_map(f64::from),
        1 => Just(f64::NAN),
        1 => Just(-0.0),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
        1 => (1.0..9.0_f64).prop_map(|x| x * 1e-170),
        1 => (1.0..9.0_f64).prop_map(|x| x * 1e-308),
        1 => (1.0..9.0_f64).prop_map(|x| x * 1e150),
    ]
}

fn word() -> impl Strategy<Value = String> {
    let words = [
        "a",
        "A",
        "b",
        "Ärger",
        "ärger",
        "it's",
        "say \"so\"",
        "",
        "1",
        "01",
        "1.0",
        "true",
        "NaN",
        "null",
        "é",
        "e\u{301}",
        "100%",
        "a_b",
        "a\\b",
        "İ",
        "ß",
        "Σας",
        "日本",
    ];
    prop::sample::select(words.to_vec()).prop_map(str::to_owned)
}

fn line() -> impl Strategy<Value = String> {
    let lines = [
        "error: lost 12 of 40",
        "terror in the logs",
        "an ERROR\nof two lines",
        "Fehler (error)",
        "errors",
        "error",
        "übererror",
        "all is well",
        "7 tries, 1 error",
        "é error é",
        "error\u{a0}7",
        "x\tERROR",
        "",
    ];
    prop::sample::select(lines.to_vec()).prop_map(str::to_owned)
}

/// The rows as columns.
pub(crate) fn batch(rows: &[Row]) -> RecordBatch {
    let floats = |of: fn(&Row) -> Option<f64>| Arc::new(rows.iter().map(of).collect::<Float64Array>()) as ArrayRef;
    let integers = |of: fn(&Row) -> Option<i64>| Arc::new(rows.iter().map(of).collect::<Int64Array>()) as ArrayRef;
    let texts = |of: fn(&Row) -> Option<&str>| Arc::new(rows.iter().map(of).collect::<StringArray>()) as ArrayRef;
    let at = rows.iter().map(|row| row.at).collect::<TimestampMicrosecondArray>().with_timezone("UTC");
    let cents = rows.iter().map(|row| row.cents.map(i128::from)).collect::<Decimal128Array>();
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("id", Arc::new((0..rows.len() as i64).map(Some).collect::<Int64Array>()), true),
        ("at", Arc::new(at), true),
        ("said", texts(|row| row.said.as_deref()), true),
        ("x", floats(|row| row.x), true),
        ("y", floats(|row| row.y), true),
        ("w", floats(|row| row.w), true),
        ("price", floats(|row| row.price), true),
        ("n", integers(|row| row.n), true),
        ("u", Arc::new(rows.iter().map(|row| row.u).collect::<UInt64Array>()), true),
        ("cents", Arc::new(cents.with_precision_and_scale(9, 2).expect("nine digits")), true),
        ("f", Arc::new(rows.iter().map(|row| row.f).collect::<BooleanArray>()), true),
        ("score", floats(|row| row.score), true),
        ("label", integers(|row| row.label), true),
        ("t", texts(|row| row.t.as_deref()), true),
        ("line", texts(|row| row.line.as_deref()), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}
