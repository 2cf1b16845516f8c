//! A plugin's manual as a page of Markdown.

use watchkeeper_engine::ports::checker::{Manual, ManualMetric, ManualParam};
use watchkeeper_model::ParamValue;

/// The whole page, from its heading on.
pub(crate) fn page(name: &str, manual: &Manual) -> String {
    let Manual { summary, params, metrics } = manual;
    format!(
        "# {name}\n\n{summary}\n\n## Params\n\n{}\n\n## Metrics\n\n{}",
        params_table(params),
        metrics_table(metrics)
    )
}

fn params_table(params: &[ManualParam]) -> String {
    if params.is_empty() {
        return "None.".to_owned();
    }
    let rows = params.iter().map(|ManualParam { name, doc, kind, required, default }| {
        let default = match default {
            Some(default) => format!("`{}`", toml(default)),
            None if *required => "must be given".to_owned(),
            None => "none".to_owned(),
        };
        [format!("`{name}`"), kind.clone(), default, doc.clone()]
    });
    table("| param | kind | default | meaning |", rows)
}

fn metrics_table(metrics: &[ManualMetric]) -> String {
    if metrics.is_empty() {
        return "Its parameters name what it measures.".to_owned();
    }
    let rows = metrics.iter().map(|ManualMetric { name, unit, doc, labels }| {
        [format!("`{name}`"), unit.clone(), labels.join(", "), doc.clone()]
    });
    table("| metric | unit | labels | meaning |", rows)
}

fn table(heads: &str, rows: impl Iterator<Item = [String; 4]>) -> String {
    let row = |cells: [String; 4]| format!("\n| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    format!("{heads}\n| --- | --- | --- | --- |{}", rows.map(row).collect::<String>())
}

/// A value as a monitor would write it.
pub(crate) fn toml(value: &ParamValue) -> String {
    match value {
        ParamValue::Text(text) => quoted(text),
        ParamValue::Number(number) => format!("{number:?}"),
        ParamValue::Integer(integer) => integer.to_string(),
        ParamValue::Flag(flag) => flag.to_string(),
        ParamValue::Texts(texts) => {
            format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
        ParamValue::Numbers(numbers) => format!("{numbers:?}"),
    }
}

/// A text as TOML writes it, which is as JSON does.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
