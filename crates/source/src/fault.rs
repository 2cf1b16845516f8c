//! One sentence for everything that can go wrong: the source, what happened, what to do.

use std::fmt::Display;
use std::io;

use datafusion::error::DataFusionError;
use datafusion::object_store;
use watchkeeper_engine::ports::frame::{FrameError, FrameFault};

use watchkeeper_secret::Mask;

use crate::aggregate::NotKept;
use crate::kind::{FileMoved, Misreading};

/// What keeps a source from being read, before it is known whose words they are.
#[derive(Debug)]
pub(crate) struct Why {
    fault: FrameFault,
    what: String,
}

impl Why {
    /// A fault of one kind, in words that go on after the source's name.
    pub(crate) fn new(fault: FrameFault, what: impl Display) -> Self {
        Self { fault, what: what.to_string() }
    }

    /// The same, without what must not be shown of a peer's words.
    pub(crate) fn masked(self, mask: &Mask) -> Self {
        Self { what: mask.apply(&self.what), ..self }
    }

    /// The same, said of a source.
    pub(crate) fn of(self, source: &str) -> FrameError {
        FrameError::new(self.fault, format!("source `{source}`: {}", self.what))
    }
}

/// `source `name`: what happened`, of a source whose data is not what it should be.
pub(crate) fn malformed(source: &str, what: impl Display) -> FrameError {
    Why::new(FrameFault::Malformed, what).of(source)
}

/// `source `name`: what cannot be asked of it`.
pub(crate) fn refused(source: &str, what: impl Display) -> FrameError {
    Why::new(FrameFault::Refused, what).of(source)
}

/// `source `name`: what is not there`.
pub(crate) fn missing(source: &str, what: impl Display) -> FrameError {
    Why::new(FrameFault::Missing, what).of(source)
}

impl From<String> for Why {
    /// Of data that is not what it should be.
    fn from(what: String) -> Self {
        Self { fault: FrameFault::Malformed, what }
    }
}

/// What kind of fault an error of DataFusion is.
pub(crate) fn fault_of(error: &DataFusionError) -> FrameFault {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<FileMoved>() {
            return FrameFault::Moved;
        }
        if error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).is_some_and(|error| error.is::<NotKept>()) {
            return FrameFault::Unreachable;
        }
        if error.is::<object_store::Error>() && error.source().is_none_or(|deeper| !deeper.is::<FileMoved>()) {
            return FrameFault::Unreachable;
        }
        cause = error.source();
    }
    FrameFault::Malformed
}

/// Whether it is a text file's own sentence, which names the file and the line.
pub(crate) fn is_misreading(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::External(error) if error.is::<Misreading>())
}

/// The innermost reason of a DataFusion error, on one line, without its class names and backtrace.
pub(crate) fn reason(error: &DataFusionError) -> String {
    let message = error.find_root().message().into_owned();
    let line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or("unknown reason");
    line.trim().trim_end_matches('.').to_owned()
}

/// ` (did you mean `a` or `b`?)`, or the list of names when none is near.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let mut near: Vec<(f64, &str)> = names
        .iter()
        .map(|name| (strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase()), *name))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let quoted =
        |names: &[&str], between| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between);
    let near: Vec<&str> = near.into_iter().take(3).map(|(_, name)| name).collect();
    match (near.as_slice(), names.as_slice()) {
        ([], []) => "; there are none".to_owned(),
        ([], all) if all.len() <= 12 => format!("; there are {}", quoted(all, ", ")),
        ([], all) => format!("; there are {} others, such as {}", all.len(), quoted(&all[..5], ", ")),
        (near, _) => format!("; did you mean {}?", quoted(near, " or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_listed() {
        assert_eq!(nearest("incme", ["age", "income"].into_iter()), "; did you mean `income`?");
        assert_eq!(nearest("zzz", ["age", "income"].into_iter()), "; there are `age`, `income`");
        assert_eq!(nearest("zzz", std::iter::empty()), "; there are none");
    }
}
