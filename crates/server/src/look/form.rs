//! Forms: each carries what its visitor saw, and what makes two presses one.

use maud::{Markup, html};

use crate::{
    access::{How, Visitor, random},
    act::{Verb, verb},
};

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Button {
    /// The one next act of its page.
    Next,
    Ordinary,
    /// On a confirm page alone.
    Final,
}

impl Button {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Next => Some("next"),
            Self::Ordinary => None,
            Self::Final => Some("final"),
        }
    }
}

/// What a form is for.
pub(crate) struct Form<'a> {
    pub(crate) word: &'a str,
    /// The names in its path.
    pub(crate) names: &'a [(&'a str, &'a str)],
    /// Fields that are not shown.
    pub(crate) hidden: &'a [(&'a str, String)],
    pub(crate) button: Button,
    pub(crate) label: &'a str,
}

impl Form<'_> {
    /// The form; nothing for a visitor who may not.
    pub(crate) fn show(&self, visitor: &Visitor, fields: Markup) -> Markup {
        let Some(verb) = verb(self.word).filter(|verb| visitor.may(verb.role) && visitor.has_browser()) else {
            return html! {};
        };
        html! {
            form method="post" action=(path(verb, self.names)) {
                (inside(visitor))
                @for (name, value) in self.hidden { input type="hidden" name=(name) value=(value); }
                (fields)
                div class="buttons" { button type="submit" class=[self.button.class()] { (self.label) } }
            }
        }
    }
}

/// Where a verb's form goes.
pub(crate) fn path(verb: &Verb, names: &[(&str, &str)]) -> String {
    names.iter().fold(verb.path.to_owned(), |path, (name, value)| {
        path.replace(&format!("{{{name}}}"), &crate::page::escaped(value))
    })
}

/// What every form of this visitor carries.
pub(crate) fn inside(visitor: &Visitor) -> Markup {
    // Without random numbers two presses are two acts, which the store refuses by itself in most cases.
    let key = random().unwrap_or_default();
    html! {
        input type="hidden" name="form" value=(visitor.form.as_deref().unwrap_or_default());
        input type="hidden" name="key" value=(key);
        @if let Some(name) = visitor.name.as_ref().filter(|_| visitor.how == How::Open) {
            input type="hidden" name="by" value=(name);
        }
    }
}

/// A field for a reason.
pub(crate) fn reason(label: &str, hint: &str, required: bool) -> Markup {
    html! {
        label { (label) small { (hint) } textarea name="reason" required[required] maxlength="2000" {} }
    }
}
