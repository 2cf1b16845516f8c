//! The checks and what their monitors say below `[input]`.

use crate::data::{NUMBERS, TEXTS};

/// By name, with the monitor's own part.
pub(crate) fn checks() -> Vec<(&'static str, String)> {
    let null_rate = format!("columns = [{}]", listed());
    vec![
        ("schema", with_baseline(&check("schema", "", "schema_changes", "above = 0"))),
        ("null-rate", check("null-rate", &null_rate, "null_rate", "above = 0.5")),
        ("psi", drift("")),
        ("auc", check("classification", "label = \"label\"\nscore = \"score\"", "auc", "below = 0.5")),
        ("rmse", check("regression", "target = \"target\"\nprediction = \"score\"", "rmse", "above = 1")),
        ("approval-rate", check("kpi", "name = \"kpi\"\nvalue = \"approved\"", "kpi", "above = 0.9")),
        ("latency", check("latency", "column = \"ms\"\nquantiles = [0.95]", "latency_ms", "above = 1e9")),
    ]
}

/// PSI of all features, with more parameters.
pub(crate) fn drift(params: &str) -> String {
    with_baseline(&check("drift", &format!("columns = [{}]\n{params}", listed()), "psi", "above = 0.25"))
}

/// The features.
pub(crate) fn columns() -> impl Iterator<Item = String> {
    numbers().chain(texts())
}

pub(crate) fn numbers() -> impl Iterator<Item = String> {
    (0..NUMBERS).map(|place| format!("f{place}"))
}

pub(crate) fn texts() -> impl Iterator<Item = String> {
    (0..TEXTS).map(|place| format!("t{place}"))
}

fn listed() -> String {
    columns().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}

fn check(plugin: &str, params: &str, metric: &str, breach: &str) -> String {
    format!(
        "[check]\nplugin = \"{plugin}\"\n[check.params]\n{params}\n[[threshold]]\nmetric = \"{metric}\"\n\
         breach = {{ {breach} }}\n"
    )
}

fn with_baseline(check: &str) -> String {
    format!("[baseline]\nsource = \"baseline\"\n{check}")
}
