//! The checks and what their monitors say below `[input]`.

use crate::data::{NUMBERS, TEXTS};

/// By name, with the monitor's own part.
pub(super) fn checks() -> Vec<(&'static str, String)> {
    let names =
        (0..NUMBERS).map(|place| format!("\"f{place}\"")).chain((0..TEXTS).map(|place| format!("\"t{place}\"")));
    let columns = format!("columns = [{}]", names.collect::<Vec<_>>().join(", "));
    let check = |plugin: &str, params: &str, metric: &str, breach: &str| {
        format!(
            "[check]\nplugin = \"{plugin}\"\n[check.params]\n{params}\n[[threshold]]\nmetric = \"{metric}\"\n\
             breach = {{ {breach} }}\n"
        )
    };
    let with_baseline = |check: String| format!("[baseline]\nsource = \"baseline\"\n{check}");
    vec![
        ("schema", with_baseline(check("schema", "", "schema_changes", "above = 0"))),
        ("null-rate", check("null-rate", &columns, "null_rate", "above = 0.5")),
        ("psi", with_baseline(check("drift", &columns, "psi", "above = 0.25"))),
        ("auc", check("classification", "label = \"label\"\nscore = \"score\"", "auc", "below = 0.5")),
        ("rmse", check("regression", "target = \"target\"\nprediction = \"score\"", "rmse", "above = 1")),
        ("approval-rate", check("kpi", "name = \"kpi\"\nvalue = \"approved\"", "kpi", "above = 0.9")),
        ("latency", check("latency", "column = \"ms\"\nquantiles = [0.95]", "latency_ms", "above = 1e9")),
    ]
}
