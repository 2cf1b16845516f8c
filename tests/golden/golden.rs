//! The golden file, read.

use std::collections::BTreeMap;

use serde_json::Value;

/// As `cargo xtask golden` wrote it.
pub(crate) const TEXT: &str = include_str!("golden.json");

/// One check on one table, and how it must end.
pub(crate) struct Case {
    /// Also the monitor's name.
    pub(crate) name: String,
    pub(crate) check: String,
    pub(crate) params: Value,
    pub(crate) current: Value,
    pub(crate) baseline: Option<Value>,
    pub(crate) window: Option<String>,
    /// The first tick, where the check is to know of earlier ones.
    pub(crate) begins: Option<String>,
    /// The tick.
    pub(crate) at: String,
    pub(crate) ended: Ended,
}

/// How a check ends.
pub(crate) struct Ended {
    /// `ok`, `no_data` or `error`.
    pub(crate) verdict: String,
    /// Why there are no numbers; of an expectation, a part of that.
    pub(crate) reason: Option<String>,
    /// Values by series, such as `psi{"column":"x"}`.
    pub(crate) series: BTreeMap<String, f64>,
}

impl Ended {
    /// Reads an ending; `reason` is the key of the reason.
    pub(crate) fn read(value: &Value, reason: &str) -> Self {
        let series = value["series"].as_array().expect("series").iter();
        Self {
            verdict: text(&value["verdict"]),
            reason: value[reason].as_str().map(str::to_owned),
            series: series.map(|it| (series_name(it), it["value"].as_f64().expect("a number"))).collect(),
        }
    }
}

/// Labels are printed in the order of their names.
fn series_name(series: &Value) -> String {
    let labels: BTreeMap<_, _> = series["labels"].as_object().expect("labels").iter().collect();
    format!("{}{}", series["metric"].as_str().expect("a metric"), serde_json::to_string(&labels).expect("JSON"))
}

/// Every case, in the order of the file.
pub(crate) fn cases() -> Vec<Case> {
    let golden: Value = serde_json::from_str(TEXT).expect("the golden file is JSON");
    golden["cases"].as_array().expect("cases").iter().map(case).collect()
}

fn case(value: &Value) -> Case {
    Case {
        name: text(&value["name"]),
        check: text(&value["check"]),
        params: value["params"].clone(),
        current: value["current"].clone(),
        baseline: Some(value["baseline"].clone()).filter(|baseline| !baseline.is_null()),
        window: value["window"].as_str().map(str::to_owned),
        begins: value["begins"].as_str().map(str::to_owned),
        at: text(&value["at"]),
        ended: Ended::read(value, "reason"),
    }
}

/// A text that must be there.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
