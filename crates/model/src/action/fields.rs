//! Named values that a request carries: fixed, but for the texts, which may hold placeholders.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::Fill;
use crate::Template;

/// Members of an object, by name.
pub type Fields = BTreeMap<String, Field>;

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Field {
    /// A text.
    Text(Template),
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(Number),
    /// Several in order.
    List(Vec<Field>),
    /// Several by name.
    Table(Fields),
}

impl Field {
    /// As JSON; a text that has been filled in is a string, whatever stands in it.
    pub fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.text()),
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Number(number) => Value::Number(number.clone()),
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Table(fields) => json(fields),
        }
    }

    fn filled(&self, fill: &mut Fill<'_>) -> Self {
        match self {
            Self::Text(text) => Self::Text(fill(text)),
            Self::List(items) => Self::List(items.iter().map(|item| item.filled(fill)).collect()),
            Self::Table(fields) => Self::Table(filled(fields, fill)),
            Self::Flag(_) | Self::Number(_) => self.clone(),
        }
    }
}

/// The members as a JSON object.
pub fn json(fields: &Fields) -> Value {
    fields.iter().map(|(name, field)| (name.clone(), field.json())).collect::<serde_json::Map<_, _>>().into()
}

/// The same with every text replaced.
pub(super) fn filled(fields: &Fields, fill: &mut Fill<'_>) -> Fields {
    fields.iter().map(|(name, field)| (name.clone(), field.filled(fill))).collect()
}

/// One member a line, for people.
pub(super) fn lines(fields: &Fields) -> String {
    let text = |field: &Field| match field {
        Field::Text(text) => text.text(),
        other => other.json().to_string(),
    };
    fields.iter().map(|(name, field)| format!("\n{name}: {}", text(field))).collect()
}
