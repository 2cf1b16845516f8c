//! The schema of a monitor that knows plugins: their names, and the parameters of each.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{FileKind, json_schema};
use crate::plugin::{PluginManual, PluginParam};

/// The schema of a monitor's file, with the parameters of these plugins where a monitor uses them.
pub fn monitor_schema(plugins: &BTreeMap<String, PluginManual>) -> Value {
    let mut schema = json_schema(FileKind::Monitor);
    if let Some(check) = schema.pointer_mut("/$defs/Check") {
        let names: Vec<&String> = plugins.keys().collect();
        // Any other text may be a component that is not there yet.
        check["properties"]["plugin"]["anyOf"] = json!([{ "enum": names }, { "type": "string" }]);
        check["allOf"] = plugins.iter().map(|(name, manual)| of_plugin(name, manual)).collect();
    }
    schema
}

fn of_plugin(name: &str, manual: &PluginManual) -> Value {
    let properties: Map<String, Value> =
        manual.params.iter().map(|param| (param.name.clone(), of_param(param))).collect();
    let required: Vec<&str> =
        manual.params.iter().filter(|param| param.required).map(|param| param.name.as_str()).collect();
    let params = json!({
        "description": manual.summary, "properties": properties, "required": required, "additionalProperties": false,
    });
    let needed: &[&str] = if required.is_empty() { &[] } else { &["params"] };
    json!({
        "if": { "properties": { "plugin": { "const": name } } },
        "then": { "properties": { "params": params }, "required": needed },
    })
}

fn of_param(param: &PluginParam) -> Value {
    let mut schema = match param.kind.as_str() {
        "text" => json!({ "type": "string" }),
        "integer" => json!({ "type": "integer" }),
        "number" => json!({ "type": "number" }),
        "flag" => json!({ "type": "boolean" }),
        "texts" => json!({ "type": "array", "items": { "type": "string" } }),
        "numbers" => json!({ "type": "array", "items": { "type": "number" } }),
        _ => json!({}),
    };
    schema["description"] = param.doc.clone().into();
    if let Some(default) = param.default.as_ref().and_then(|default| serde_json::to_value(default).ok()) {
        schema["default"] = default;
    }
    schema
}

#[cfg(test)]
mod tests {
    use watchkeeper_model::ParamValue;

    use super::*;

    #[test]
    fn a_monitor_that_uses_a_plugin_has_its_parameters() {
        let param = |name: &str, required, default| PluginParam {
            name: name.to_owned(),
            doc: format!("Of {name}."),
            kind: "number".to_owned(),
            required,
            default,
        };
        let manual = PluginManual {
            summary: "Shares.".to_owned(),
            params: vec![param("least", true, None), param("limit", false, Some(ParamValue::Number(0.5)))],
            ..PluginManual::default()
        };
        let schema = monitor_schema(&BTreeMap::from([("plugins/share.wasm".to_owned(), manual)]));
        let check = &schema["$defs"]["Check"];
        assert_eq!(check["properties"]["plugin"]["anyOf"][0]["enum"], json!(["plugins/share.wasm"]));
        let then = &check["allOf"][0]["then"]["properties"]["params"];
        assert_eq!(then["required"], json!(["least"]));
        let limit = json!({ "type": "number", "description": "Of limit.", "default": 0.5 });
        assert_eq!(then["properties"]["limit"], limit);
    }
}
