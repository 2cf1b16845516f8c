//! A check's parameters against its plugin's manual.

use serde_json::Value as Json;
use watchkeeper_model::ParamValue;

use crate::{
    nearest::suggestion,
    place::{Place, Report},
    plugin::{PluginManual, PluginParam},
    raw::monitor::Check,
};

/// Lowers the parameters; `place` is the check's.
pub(crate) fn lower(
    raw: &Check,
    place: Place<'_>,
    manual: Option<&PluginManual>,
    report: &mut Report,
) -> Vec<(String, ParamValue)> {
    let at = place.key("params");
    if let Some(manual) = manual {
        let missing = manual.params.iter().filter(|param| param.required && !raw.params.contains_key(&param.name));
        for param in missing {
            let message = format!("`{}` needs the parameter `{}`, {}", raw.plugin, param.name, spoken(&param.kind));
            at.mistake(report, message, said(param));
        }
    }
    let mut params = Vec::new();
    for (name, json) in &raw.params {
        let Some(manual) = manual else { continue };
        let Some(param) = manual.params.iter().find(|param| param.name == *name) else {
            let names = manual.params.iter().map(|param| param.name.as_str());
            let help = suggestion(name, names.clone()).or_else(|| Some(taken(names.collect())));
            at.mistake_in_key(name, report, format!("`{}` has no parameter `{name}`", raw.plugin), help);
            continue;
        };
        match value(json, &param.kind) {
            Some(value) => params.push((name.clone(), value)),
            None => at.key(name).mistake(report, format!("`{name}` must be {}", spoken(&param.kind)), said(param)),
        }
    }
    params
}

/// What the plugin's author says of a parameter.
fn said(param: &PluginParam) -> Option<String> {
    (!param.doc.is_empty()).then(|| format!("`{}`: {}", param.name, param.doc))
}

fn taken(names: Vec<&str>) -> String {
    if names.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", names.join(", ")) }
}

/// The value of this kind; whole numbers are numbers too.
fn value(json: &Json, kind: &str) -> Option<ParamValue> {
    match kind {
        "text" => json.as_str().map(|text| ParamValue::Text(text.to_owned())),
        "integer" => json.as_i64().map(ParamValue::Integer),
        "number" => json.as_f64().map(ParamValue::Number),
        "flag" => json.as_bool().map(ParamValue::Flag),
        "texts" => json
            .as_array()?
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(ParamValue::Texts),
        "numbers" => json.as_array()?.iter().map(Json::as_f64).collect::<Option<_>>().map(ParamValue::Numbers),
        _ => None,
    }
}

fn spoken(kind: &str) -> &str {
    match kind {
        "text" => "a string",
        "integer" => "an integer",
        "number" => "a number",
        "flag" => "true or false",
        "texts" => "an array of strings",
        "numbers" => "an array of numbers",
        other => other,
    }
}
