//! Why a command could not do its work, and the exit code that says so.

use std::{error::Error, io};

use watchkeeper_engine::{EngineError, with_causes};

use crate::exit::Exit;

/// Why a command could not do its work. Findings are not failures: they are an [`Exit`].
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What is told.
    pub(crate) told: Told,
}

/// What a failure tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// An error, its causes and what to do.
    Error {
        /// The error.
        error: Box<dyn Error + Send + Sync>,
        /// What to do, where that is known.
        hint: Option<String>,
    },
    /// A report that is rendered already.
    Report(String),
    /// Nothing: nobody reads any more.
    Nothing,
}

impl Failure {
    /// The command line, or what it names, is wrong.
    pub(crate) fn usage(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Exit::Usage, error)
    }

    /// The configuration is wrong; the report says where.
    pub(crate) fn configuration(report: String) -> Self {
        Self { exit: Exit::Usage, told: Told::Report(report) }
    }

    /// A peer or the store cannot be reached.
    pub(crate) fn unreachable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Exit::Unreachable, error)
    }

    /// Watchkeeper itself failed.
    pub(crate) fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Exit::Internal, error)
    }

    /// What it tells, on one line.
    pub(crate) fn message(&self) -> String {
        match &self.told {
            Told::Error { error, .. } => with_causes(error.as_ref()),
            Told::Report(report) => report.lines().next().unwrap_or_default().to_owned(),
            Told::Nothing => String::new(),
        }
    }

    /// The same failure with what to do about it.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Told::Error { hint, .. } = &mut self.told {
            *hint = Some(text.into());
        }
        self
    }

    fn new(exit: Exit, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit, told: Told::Error { error: error.into(), hint: None } }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            error @ EngineError::NoSuchMonitor(_) => Self::usage(error),
            EngineError::Store(error) => Self::unreachable(error),
        }
    }
}

impl From<io::Error> for Failure {
    /// Output that cannot be written; `watchkeeper … | head` is no failure.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self { exit: Exit::Fine, told: Told::Nothing },
            _ => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_engine::ports::store::StoreError;

    use super::*;

    #[test]
    fn a_store_that_fails_the_engine_is_unreachable() {
        let full = StoreError::Failed { doing: "record a check", source: "disk is full".into() };
        let failure = Failure::from(EngineError::Store(full));
        assert_eq!(failure.exit, Exit::Unreachable);
        assert_eq!(Failure::from(EngineError::NoSuchMonitor("x".to_owned())).exit, Exit::Usage);
    }

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.exit, Exit::Fine);
        assert!(matches!(failure.told, Told::Nothing));
    }
}
