//! Values of a body or a configuration: fixed, but for the texts, which may hold placeholders.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use watchkeeper_model::{Field, Fields, Template};

use crate::place::{Place, Report};

/// The values of a table; a text that is no template is reported where it stands.
pub(super) fn lower(raw: &BTreeMap<String, Json>, place: Place<'_>, report: &mut Report) -> Fields {
    raw.iter().map(|(name, value)| (name.clone(), field(value, place.key(name), report))).collect()
}

fn field(raw: &Json, place: Place<'_>, report: &mut Report) -> Field {
    match raw {
        Json::String(text) => Field::Text(Template::parse(text).unwrap_or_else(|error| {
            place.mistake(report, error.to_string(), None);
            Template::literal(text)
        })),
        Json::Bool(flag) => Field::Flag(*flag),
        Json::Number(number) => Field::Number(number.clone()),
        Json::Array(items) => {
            let items = items.iter().enumerate();
            Field::List(items.map(|(index, item)| field(item, place.index(index), report)).collect())
        }
        Json::Object(table) => {
            let fields = table.iter().map(|(name, value)| (name.clone(), field(value, place.key(name), report)));
            Field::Table(fields.collect())
        }
        // TOML has none.
        Json::Null => Field::Text(Template::literal("")),
    }
}
