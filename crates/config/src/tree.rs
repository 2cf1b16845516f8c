//! A parsed file: values with their places in the text.

use std::ops::Range;

use serde_json::{Map, Number, Value as Json};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A value and the bytes it stands in.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
    /// It stands in for something wrong that has been reported; nothing more is said about it.
    pub(crate) stand_in: bool,
}

/// A TOML value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    /// A date or a time as written.
    Time(String),
    Array(Vec<Node>),
    /// In the order of the keys' texts, so that each is found at once.
    Table(Vec<(Key, Node)>),
}

impl Value {
    /// A table of these entries, in whatever order they are given.
    pub(crate) fn table(mut entries: Vec<(Key, Node)>) -> Self {
        entries.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
        Self::Table(entries)
    }
}

/// A key and the bytes it stands in.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// A mistake of syntax: message and place.
pub(crate) type SyntaxError = (String, Range<usize>);

/// Reads TOML; of a broken text, as much as can be read and every mistake.
pub(crate) fn parse(text: &str) -> (Node, Vec<SyntaxError>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let errors = errors.iter().map(|error| (error.message().to_owned(), error.span().unwrap_or(0..0))).collect();
    (Node::new(0..0, Value::table(entries(table.get_ref()))), errors)
}

fn entries(table: &DeTable<'_>) -> Vec<(Key, Node)> {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        (Key { text: AsRef::<str>::as_ref(key.get_ref()).to_owned(), span: key.span() }, node(value))
    };
    table.iter().map(entry).collect()
}

fn node(value: &Spanned<DeValue<'_>>) -> Node {
    let converted = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(time) => Value::Time(time.to_string()),
        DeValue::Float(number) => Value::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        // An integer past 64 bits is shown as a number, so that an integer is still asked for.
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| Value::Number(integer.as_str().parse().unwrap_or(f64::NAN)), Value::Integer),
        DeValue::Array(array) => Value::Array(array.iter().map(node).collect()),
        DeValue::Table(table) => Value::table(entries(table)),
    };
    Node::new(value.span(), converted)
}

impl Node {
    pub(crate) fn new(span: Range<usize>, value: Value) -> Self {
        Self { span, value, stand_in: false }
    }

    /// The table's entries; none for anything else.
    pub(crate) fn entries(&self) -> &[(Key, Node)] {
        if let Value::Table(entries) = &self.value { entries } else { &[] }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&(Key, Node)> {
        let entries = self.entries();
        let found = entries.binary_search_by(|(known, _)| known.text.as_str().cmp(key)).ok();
        found.and_then(|index| entries.get(index))
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// What people call a value of this type.
    pub(crate) fn type_name(&self) -> &'static str {
        match &self.value {
            Value::Flag(_) => "a boolean",
            Value::Integer(_) => "an integer",
            Value::Number(number) if !number.is_finite() => "not a finite number",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::Time(_) => "a date or time",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    pub(crate) fn to_json(&self) -> Json {
        match &self.value {
            Value::Flag(flag) => Json::Bool(*flag),
            Value::Integer(integer) => Json::Number((*integer).into()),
            Value::Number(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
            Value::Text(text) | Value::Time(text) => Json::String(text.clone()),
            Value::Array(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Table(entries) => Json::Object(
                entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect::<Map<_, _>>(),
            ),
        }
    }
}
