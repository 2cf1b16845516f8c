//! What a form or a JSON body gives, by name.

use std::{collections::BTreeMap, time::Duration};

use axum::http::StatusCode;
use serde_json::Value;
use watchkeeper_model::{Matcher, Name};

use super::Verb;
use crate::{problem::Problem, routes::Kind};

/// The longest text of a field, in characters.
const TEXT_MAX: usize = 10_000;

/// Fields by name; of a list one for each element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given(BTreeMap<String, Vec<String>>);

impl Given {
    /// The names in the path, and the fields of the body in either notation. The path's own stand.
    pub(super) fn read(path: BTreeMap<String, String>, kind: &str, body: &[u8]) -> Result<Self, Problem> {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        match kind.as_str() {
            "application/json" => json(body, &mut fields)?,
            "application/x-www-form-urlencoded" => {
                for (name, value) in url::form_urlencoded::parse(body) {
                    fields.entry(name.into_owned()).or_default().push(value.replace("\r\n", "\n"));
                }
            }
            "" if body.is_empty() => {}
            _ => {
                let title = "this body cannot be read: expected `application/json`";
                return Err(Problem::body(StatusCode::UNSUPPORTED_MEDIA_TYPE, title));
            }
        }
        for (name, value) in path {
            fields.insert(name, vec![value]);
        }
        for (name, values) in &fields {
            if values.iter().any(|value| value.chars().count() > TEXT_MAX || value.contains('\0')) {
                return Err(Problem::field(name, format!("`{name}` is longer than {TEXT_MAX} characters, or no text")));
            }
        }
        Ok(Self(fields))
    }

    /// A field's text; an empty one is none.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// Every field with its values.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())))
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Problem> {
        self.text(name).ok_or_else(|| Problem::field(name, format!("`{name}` is missing")))
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true" | "on") => Ok(true),
            Some(other) => Err(wrong(name, other, "true or false")),
        }
    }

    pub(super) fn name(&self, name: &str) -> Result<Name, Problem> {
        let text = self.required(name)?;
        Name::parse(text).map_err(|error| Problem::field(name, error.to_string()))
    }

    pub(super) fn duration(&self, name: &str) -> Result<Option<Duration>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let length = watchkeeper_config::duration(text).ok().filter(|length| !length.is_zero());
        length.map(Some).ok_or_else(|| wrong(name, text, "a duration such as 2h or 30m"))
    }

    /// One of these words.
    pub(super) fn word<T>(&self, name: &str, words: &[(&str, T)]) -> Result<T, Problem>
    where
        T: Copy,
    {
        let text = self.required(name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let expected = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ");
        found.ok_or_else(|| wrong(name, text, &expected()))
    }

    /// Matchers, one an element or separated by spaces.
    pub(super) fn matchers(&self, name: &str) -> Result<Vec<Matcher>, Problem> {
        let texts = self.0.get(name).into_iter().flatten().flat_map(|text| text.split_whitespace());
        let matchers: Result<Vec<Matcher>, Problem> =
            texts.map(|text| Matcher::parse(text).map_err(|error| Problem::field(name, error.to_string()))).collect();
        let matchers = matchers?;
        if matchers.is_empty() {
            return Err(wrong(name, "", "what it is about, as in monitor=loan-* or layer=data"));
        }
        Ok(matchers)
    }

    /// The API refuses a field that it does not know: it would be taken for something that is done.
    pub(super) fn require_known(&self, verb: &Verb) -> Result<(), Problem> {
        let known = |name: &str| {
            name == "by"
                || verb.path.contains(&format!("{{{name}}}"))
                || verb.fields.iter().any(|field| field.name == name)
        };
        match self.0.keys().find(|name| !known(name)) {
            None => self.require_kinds(verb),
            Some(name) => {
                let fields: Vec<&str> = verb.fields.iter().map(|field| field.name).chain(["by"]).collect();
                let known = format!("known are {}", fields.join(", "));
                Err(Problem::field(name, format!("there is no field `{name}`")).detail(known))
            }
        }
    }

    fn require_kinds(&self, verb: &Verb) -> Result<(), Problem> {
        let several = |field: &&crate::routes::Field| {
            !matches!(field.kind, Kind::Texts) && self.0.get(field.name).is_some_and(|values| values.len() > 1)
        };
        match verb.fields.iter().find(several) {
            Some(field) => Err(Problem::field(field.name, format!("`{}` is given more than once", field.name))),
            None => Ok(()),
        }
    }
}

pub(super) fn wrong(name: &str, text: &str, expected: &str) -> Problem {
    Problem::field(name, format!("`{name}` cannot be `{text}`")).detail(format!("expected {expected}"))
}

/// The members of a JSON object.
fn json(body: &[u8], fields: &mut BTreeMap<String, Vec<String>>) -> Result<(), Problem> {
    if body.is_empty() {
        return Ok(());
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::body(StatusCode::UNPROCESSABLE_ENTITY, format!("the body is no JSON: {error}")))?;
    let Value::Object(members) = value else {
        return Err(Problem::body(StatusCode::UNPROCESSABLE_ENTITY, "the body is not a JSON object"));
    };
    for (name, value) in members {
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(Problem::field(&name, format!("`{name}` must be a text, a number, true or false"))),
        };
        let texts = match value {
            Value::Null => continue,
            Value::Array(values) => values.into_iter().map(text).collect::<Result<Vec<_>, _>>()?,
            value => vec![text(value)?],
        };
        fields.insert(name, texts);
    }
    Ok(())
}
