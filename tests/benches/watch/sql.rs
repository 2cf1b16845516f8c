//! The same questions in SQL: a check is some statements, each in every form that may be its fastest.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    checks::{numbers, texts},
    duckdb::DuckDb,
};

/// Shares below it count as it, as in the check.
const SHARE_MIN: f64 = 1e-4;
/// The inner edges of deciles.
const EDGES: usize = 9;

/// The statements of a check, each in one form, and how their rows become the values that ours are held against.
pub(crate) struct Query {
    statements: Vec<String>,
    values: Values,
}

/// What was answered.
pub(crate) struct Answered {
    pub(crate) seconds: f64,
    pub(crate) values: BTreeMap<String, f64>,
    pub(crate) peak_mb: f64,
}

type Rows = Vec<Vec<Value>>;
type Values = fn(&[Rows]) -> BTreeMap<String, f64>;

impl Query {
    /// Tries every form of every statement and keeps the fastest; the rows of each side are a `from` with what narrows it.
    pub(crate) fn fastest(check: &str, window: &str, baseline: &str, duckdb: &mut DuckDb) -> Self {
        let (forms, values): (Vec<Vec<String>>, Values) = match check {
            "schema" => (vec![vec![format!("describe select * {window}")]], |_| BTreeMap::new()),
            "null-rate" => (vec![null_rate(window)], null_rates),
            "psi" => (psi(window, baseline, duckdb), indexes),
            "auc" => (vec![auc(window)], |rows| one("auc", rows)),
            "rmse" => {
                let forms = ["sqrt(avg((target - score) * (target - score)))", "sqrt(avg((target - score) ** 2))"];
                (vec![forms.map(|form| format!("select {form} {window}")).to_vec()], |rows| one("rmse", rows))
            }
            "approval-rate" => {
                let forms = ["avg(approved::int)", "count_if(approved) / count(approved)"];
                (vec![forms.map(|form| format!("select {form} {window}")).to_vec()], |rows| one("kpi", rows))
            }
            "latency" => {
                let forms = vec![format!("select quantile_cont(ms, 0.95) {window}")];
                (vec![forms], |rows| one("latency_ms 0.95", rows))
            }
            other => unreachable!("there is no check {other}"),
        };
        let statements = forms.iter().map(|forms| duckdb.fastest(forms).to_owned()).collect();
        Self { statements, values }
    }

    pub(crate) fn ask(&self, duckdb: &mut DuckDb) -> Answered {
        let answers: Vec<_> = self.statements.iter().map(|sql| duckdb.ask(sql)).collect();
        let seconds = answers.iter().map(|answer| answer.seconds).sum();
        let peak_mb = answers.iter().map(|answer| answer.peak_mb).fold(0.0, f64::max);
        let rows: Vec<Rows> = answers.into_iter().map(|answer| answer.rows).collect();
        Answered { seconds, values: (self.values)(&rows), peak_mb }
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn one(series: &str, rows: &[Rows]) -> BTreeMap<String, f64> {
    BTreeMap::from([(series.to_owned(), number(&rows[0][0][0]))])
}

/// Not by `isnan`: DuckDB 2.0 believes the files' statistics, which know no NaN, and answers that there is none where
/// there is one, without a look at the rows.
fn null_rate(window: &str) -> Vec<String> {
    let texts = joined(texts().map(|t| format!("count({t})")));
    let forms = [
        joined(numbers().map(|f| format!("count_if({f} - {f} = 0)"))),
        joined(numbers().map(|f| format!("count_if(isfinite({f}))"))),
    ];
    forms.map(|numbers| format!("select count(*), {numbers}, {texts} {window}")).to_vec()
}

fn null_rates(rows: &[Rows]) -> BTreeMap<String, f64> {
    let row = &rows[0][0];
    let all = number(&row[0]);
    let columns = numbers().chain(texts()).zip(&row[1..]);
    columns.map(|(column, present)| (format!("null_rate {column}"), (all - number(present)) / all)).collect()
}

/// By ranks of groups of equal scores, and by ranks of rows.
fn auc(window: &str) -> Vec<String> {
    vec![
        format!(
            "with groups as (select score, sum(label) as ones, count(*) - sum(label) as zeros {window} group by score), \
             sorted as (select ones, zeros, sum(zeros) over (order by score rows between unbounded preceding and current \
             row) as below from groups) select sum(ones * (below - zeros / 2)) / (sum(ones) * sum(zeros)) from sorted"
        ),
        format!(
            "with ranked as (select label, rank() over (order by score) as low, count(*) over (partition by score) as \
             same {window}) select (sum(low + (same - 1) / 2) filter (label = 1) - count_if(label = 1) * \
             (count_if(label = 1) + 1) / 2) / (count_if(label = 1) * count_if(label = 0)) from ranked"
        ),
    ]
}

/// The deciles of the baseline; how many lie below each, on either side; how often each text is there, on either side.
fn psi(window: &str, baseline: &str, duckdb: &mut DuckDb) -> Vec<Vec<String>> {
    let shares = joined((1..=EDGES).map(|edge| format!("0.{edge}")));
    let deciles = joined(numbers().map(|f| format!("quantile_cont({f}, [{shares}])")));
    let deciles = format!("select {deciles} {baseline}");
    let edges = duckdb.ask(&deciles).rows.remove(0);
    let counted = |from: &str| {
        let below = |form: &dyn Fn(&str, f64) -> String| {
            joined(numbers().zip(&edges).map(|(f, edges)| {
                let edges = edges.as_array().expect("a list").iter().map(number);
                format!("count({f}), {}", joined(edges.map(|edge| form(&f, edge))))
            }))
        };
        let forms = [
            below(&|f, edge| format!("count_if({f} < {edge:?}::double)")),
            below(&|f, edge| format!("sum(case when {f} < {edge:?}::double then 1 else 0 end)")),
        ];
        forms.map(|counts| format!("select {counts} {from}")).to_vec()
    };
    let kinds = |from: &str| {
        let each = texts().map(|t| format!("select '{t}', {t}, count(*) {from} group by all"));
        let sets = joined(texts().map(|t| format!("({t})")));
        let names = joined(texts());
        vec![
            each.collect::<Vec<_>>().join(" union all "),
            format!(
                "select case {} end, coalesce({names}), count(*) {from} group by grouping sets ({sets})",
                texts().map(|t| format!("when grouping({t}) = 0 then '{t}'")).collect::<Vec<_>>().join(" ")
            ),
        ]
    };
    vec![vec![deciles], counted(baseline), counted(window), kinds(baseline), kinds(window)]
}

fn indexes(rows: &[Rows]) -> BTreeMap<String, f64> {
    let [_, expected, actual, expected_kinds, actual_kinds] = rows else { unreachable!("five statements") };
    let mut found = BTreeMap::new();
    let sides = expected[0].chunks(EDGES + 1).zip(actual[0].chunks(EDGES + 1));
    for (f, (expected, actual)) in numbers().zip(sides) {
        found.insert(format!("psi {f}"), index(&bins(expected), &bins(actual)));
    }
    for t in texts() {
        let of = |rows: &Rows| -> BTreeMap<String, f64> {
            let own = rows.iter().filter(|row| row[0] == t.as_str());
            own.map(|row| (row[1].to_string(), number(&row[2]))).collect()
        };
        let (expected, actual) = (of(expected_kinds), of(actual_kinds));
        let kinds: std::collections::BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
        let counts = |side: &BTreeMap<String, f64>| -> Vec<f64> {
            kinds.iter().map(|kind| side.get(*kind).copied().unwrap_or_default()).collect()
        };
        found.insert(format!("psi {t}"), index(&counts(&expected), &counts(&actual)));
    }
    found
}

/// Rows between edges, from how many have a value and how many lie below each edge.
fn bins(counts: &[Value]) -> Vec<f64> {
    let mut below: Vec<f64> = counts[1..].iter().map(number).collect();
    below.push(number(&counts[0]));
    below.iter().scan(0.0, |before, below| Some(below - std::mem::replace(before, *below))).collect()
}

fn index(expected: &[f64], actual: &[f64]) -> f64 {
    let shares = |counts: &[f64]| -> Vec<f64> {
        let all: f64 = counts.iter().sum();
        counts.iter().map(|count| (count / all).max(SHARE_MIN)).collect()
    };
    let pairs = shares(expected).into_iter().zip(shares(actual));
    pairs.map(|(expected, actual)| (actual - expected) * (actual / expected).ln()).sum()
}
