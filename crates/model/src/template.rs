//! Text with `{name}` placeholders from a fixed list. Nothing is computed, and filled-in data is never read again.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{Facts, Name};

/// What the steps of a run gave so far, by step.
pub type Outputs = BTreeMap<Name, String>;

/// A text with placeholders, parsed once. `{{` and `}}` stand for single braces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Fact(Placeholder),
    /// What an earlier step gave, and what its kind calls it.
    Output(Name, String),
}

macro_rules! placeholders {
    ($($variant:ident = $name:literal, $doc:literal;)*) => {
        /// A fact that a text may name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Placeholder { $(#[doc = $doc] $variant,)* }

        impl Placeholder {
            /// Every placeholder with its name and meaning.
            pub const ALL: &'static [(Self, &'static str, &'static str)] = &[$((Self::$variant, $name, $doc),)*];
        }
    };
}

placeholders! {
    Monitor = "monitor", "The monitor's id.";
    Description = "description", "The monitor's description.";
    Layer = "layer", "The monitor's layer.";
    Severity = "severity", "The monitor's severity.";
    Owner = "owner", "The owning team.";
    Incident = "incident", "The incident's id.";
    Run = "run", "The run's id.";
    Metric = "metric", "The worst series, for example null_rate{column=\"income\"}.";
    Value = "value", "Its value.";
    Threshold = "threshold", "The limit it is past, for example below 0.6.";
    Baseline = "baseline", "Its value on the baseline, or a hyphen.";
    Detail = "detail", "What the check says of it.";
    Series = "series", "Every series that is not ok, one a line, worst first; at most 50.";
    At = "at", "The tick, RFC 3339 UTC.";
}

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder that does not exist.
    #[error("there is no placeholder `{{{name}}}`")]
    Unknown {
        /// The name as written.
        name: String,
        /// Byte offset of the opening brace.
        offset: usize,
    },
    /// A brace without its partner.
    #[error("a single `{brace}`: write `{brace}{brace}` for the character itself")]
    Unbalanced {
        /// The brace.
        brace: char,
        /// Its byte offset.
        offset: usize,
    },
}

impl Template {
    /// Reads a text with placeholders.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let offset = text.len() - rest.len() + at;
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
                literal.push_str(&rest[..1]);
                rest = after;
                continue;
            }
            let (part, after) = read_placeholder(rest, offset)?;
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(part);
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self(parts))
    }

    /// A text that is taken as it is, braces and all.
    pub fn literal(text: &str) -> Self {
        Self(if text.is_empty() { Vec::new() } else { vec![Part::Text(text.to_owned())] })
    }

    /// The text with every placeholder filled in.
    pub fn render(&self, facts: &Facts) -> String {
        self.with_facts(facts).text()
    }

    /// The same with every placeholder of the breach filled in; what earlier steps give stays to be filled in.
    pub fn with_facts(&self, facts: &Facts) -> Self {
        let fill = |part: &Part| match part {
            Part::Fact(placeholder) => Part::Text(facts.get(*placeholder)),
            other => other.clone(),
        };
        Self(self.0.iter().map(fill).collect()).joined()
    }

    /// The same with what earlier steps gave; what a step has not given stays named.
    pub fn with_outputs(&self, outputs: &Outputs) -> Self {
        let fill = |part: &Part| match part {
            Part::Output(step, _) => outputs.get(step).cloned().map_or_else(|| part.clone(), Part::Text),
            other => other.clone(),
        };
        Self(self.0.iter().map(fill).collect()).joined()
    }

    /// What it names of earlier steps: the step and the output.
    pub fn named_outputs(&self) -> impl Iterator<Item = (Name, String)> {
        self.0.iter().filter_map(|part| match part {
            Part::Output(step, output) => Some((step.clone(), output.clone())),
            Part::Text(_) | Part::Fact(_) => None,
        })
    }

    /// The text of a template that has been rendered into a literal.
    pub fn text(&self) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Fact(placeholder) => placeholder.name().to_owned(),
            Part::Output(step, output) => format!("{{steps.{step}.{output}}}"),
        };
        self.0.iter().map(text).collect()
    }

    /// The same with neighbouring texts as one, so that equal texts are equal templates.
    fn joined(self) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        for part in self.0 {
            match (parts.last_mut(), part) {
                (_, Part::Text(text)) if text.is_empty() => {}
                (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
                (_, part) => parts.push(part),
            }
        }
        Self(parts)
    }
}

/// Reads `{name}` at the start of `rest`, which lies `offset` bytes into the text.
fn read_placeholder(rest: &str, offset: usize) -> Result<(Part, &str), TemplateError> {
    let (brace, body) = (&rest[..1], &rest[1..]);
    let Some((name, after)) = body.split_once('}').filter(|_| brace == "{") else {
        return Err(TemplateError::Unbalanced { brace: if brace == "{" { '{' } else { '}' }, offset });
    };
    let unknown = || TemplateError::Unknown { name: name.to_owned(), offset };
    let part = Placeholder::named(name).map(Part::Fact).or_else(|| output(name));
    Ok((part.ok_or_else(unknown)?, after))
}

/// `steps.ticket.key`.
fn output(name: &str) -> Option<Part> {
    let (step, output) = name.strip_prefix("steps.")?.split_once('.')?;
    let is_word = !output.is_empty() && output.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    Some(Part::Output(Name::parse(step).ok()?, output.to_owned())).filter(|_| is_word)
}

impl Placeholder {
    /// The placeholder of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(placeholder, _, _)| *placeholder)
    }

    /// The name that stands between the braces.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(placeholder, _, _)| *placeholder == self).map_or("", |(_, name, _)| name)
    }
}

impl fmt::Display for Template {
    /// The text that parses to this template again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Part::Fact(placeholder) => write!(f, "{{{}}}", placeholder.name()),
            Part::Output(step, output) => write!(f, "{{steps.{step}.{output}}}"),
        })
    }
}

impl TryFrom<String> for Template {
    type Error = TemplateError;
    fn try_from(text: String) -> Result<Self, TemplateError> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.to_string()
    }
}
