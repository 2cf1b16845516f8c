//! A check's parameters: described by its struct, read from the monitor, refused in clear sentences.

mod value;

use crate::failure::did_you_mean;
use crate::{Failure, Param, Value};

pub use value::ParamValue;

/// Parameters that describe themselves and read themselves; derive it.
///
/// Each field is a parameter, its doc comment is what the author of a monitor reads, and `#[param(default)]` or
/// `#[param(default = …)]` makes it optional. An `Option` field is optional too, and has no default.
pub trait Params: Sized {
    /// Every parameter, in the order of the fields.
    fn params() -> Vec<Param>;

    /// Reads what the monitor gives.
    fn read(given: &Given<'_>) -> Result<Self, Failure>;
}

/// What a monitor gives.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a>(&'a [(String, Value)]);

impl<'a> Given<'a> {
    /// Names and values as a run carries them.
    pub fn new(params: &'a [(String, Value)]) -> Self {
        Self(params)
    }

    /// Refuses a name that is none of the known ones.
    pub fn only(&self, known: &[&str]) -> Result<(), Failure> {
        let Some((name, _)) = self.0.iter().find(|(name, _)| !known.contains(&&**name)) else {
            return Ok(());
        };
        let all = match known {
            [] => "the check takes none".to_owned(),
            known => format!("the parameters are {}", known.join(", ")),
        };
        Err(Failure::config(format!(
            "there is no parameter \"{name}\"{}; {all}",
            did_you_mean(name, known.iter().copied()),
        )))
    }

    /// A parameter that must be given.
    pub fn required<T: ParamValue>(&self, name: &str) -> Result<T, Failure> {
        self.optional(name)?.ok_or_else(|| {
            Failure::config(format!("parameter \"{name}\" is missing; give it {}", value::article(T::KIND)))
        })
    }

    /// A parameter that may be given.
    pub fn optional<T: ParamValue>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some((_, value)) = self.0.iter().find(|(given, _)| given == name) else {
            return Ok(None);
        };
        T::from_value(value).map(Some).ok_or_else(|| {
            Failure::config(format!(
                "parameter \"{name}\": expected {}, got {}",
                value::article(T::KIND),
                value::shown(value)
            ))
        })
    }
}

/// Describes one parameter of type `T`; the derive calls it.
#[doc(hidden)]
pub fn describe<T: ParamValue>(name: &str, doc: &str, required: bool, default: Option<T>) -> Param {
    Param {
        name: name.to_owned(),
        doc: doc.to_owned(),
        kind: T::KIND.to_owned(),
        required,
        default: default.map(ParamValue::into_value),
    }
}
