//! The types that a parameter may have.

use crate::Value;

/// A type that a parameter may have.
pub trait ParamValue: Sized {
    /// The contract's word: text, number, integer, flag, texts or numbers.
    const KIND: &'static str;

    /// Reads a value, or `None` where it is of another kind.
    fn from_value(value: &Value) -> Option<Self>;

    /// The value as the contract carries it.
    fn into_value(self) -> Value;
}

impl ParamValue for String {
    const KIND: &'static str = "text";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl ParamValue for f64 {
    const KIND: &'static str = "number";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(*number),
            Value::Integer(integer) => Some(*integer as Self),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Number(self)
    }
}

impl ParamValue for i64 {
    const KIND: &'static str = "integer";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(integer) => Some(*integer),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Integer(self)
    }
}

impl ParamValue for bool {
    const KIND: &'static str = "flag";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Flag(self)
    }
}

/// An empty list has no kind of its own, so the lists take each other's.
impl ParamValue for Vec<String> {
    const KIND: &'static str = "texts";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Texts(texts) => Some(texts.clone()),
            Value::Numbers(numbers) if numbers.is_empty() => Some(Self::new()),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Texts(self)
    }
}

impl ParamValue for Vec<f64> {
    const KIND: &'static str = "numbers";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Numbers(numbers) => Some(numbers.clone()),
            Value::Texts(texts) if texts.is_empty() => Some(Self::new()),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Numbers(self)
    }
}

/// A kind as the object of a sentence.
pub(super) fn article(kind: &str) -> &'static str {
    match kind {
        "text" => "a text",
        "number" => "a number",
        "integer" => "an integer",
        "flag" => "true or false",
        "texts" => "a list of texts",
        _ => "a list of numbers",
    }
}

/// A wrong value as its author wrote it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("the text {text:?}"),
        Value::Number(number) => format!("the number {number}"),
        Value::Integer(integer) => format!("the integer {integer}"),
        Value::Flag(flag) => flag.to_string(),
        Value::Texts(texts) => format!("the list {texts:?}"),
        Value::Numbers(numbers) => format!("the list {numbers:?}"),
    }
}
