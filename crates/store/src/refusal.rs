//! Why the store did not do what people asked for: it refuses, or it failed.

use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{Outcome, StepStatus};

use crate::fault::Fault;

/// Why the store did not do what people asked for.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Nothing has an id that starts like this.
    #[error("there is no {what} {given}")]
    NoSuch {
        /// `incident`, `run`, `step`, `handoff`.
        what: &'static str,
        /// What was asked for.
        given: String,
    },
    /// Several ids start like this.
    #[error("{given} may be any of {}: give more of its characters", matches.join(", "))]
    Ambiguous {
        /// What was asked for.
        given: String,
        /// The ids that start like it.
        matches: Vec<String>,
    },
    /// The incident is over.
    #[error("incident {0} is resolved already")]
    AlreadyResolved(String),
    /// The step's outcome is known, or it has not ended.
    #[error("step {step} of run {run} is {status}: only a step whose outcome is unknown can be settled")]
    NotUnknown {
        /// The run.
        run: String,
        /// The step.
        step: String,
        /// Where it stands.
        status: &'static str,
    },
    /// The step does not wait for people.
    #[error("step {step} of run {run} is {status}: only a step that waits for people can be answered")]
    NotWaiting {
        /// The run.
        run: String,
        /// The step.
        step: String,
        /// Where it stands.
        status: &'static str,
    },
    /// It needs nobody's agreement.
    #[error("step {1} of run {0} needs nobody's agreement: `watchkeeper step {0} {1}` starts it")]
    NobodyHasTo(String, String),
    /// Nobody has started it yet.
    #[error("nobody has asked for step {1} of run {0} yet: `watchkeeper step {0} {1}` does")]
    NotAsked(String, String),
    /// It was started before.
    #[error("step {1} of run {0} was asked for already: it waits for an agreement, `watchkeeper approve {0} {1}`")]
    AskedAlready(String, String),
    /// An answer stands already.
    #[error("it was answered already: {0}")]
    AnsweredAlready(String),
    /// Somebody else has to agree.
    #[error("{0} asked for this step: somebody else has to agree (`self_approval` is false)")]
    OwnRequest(String),
    /// People can only say `done` or `failed`.
    #[error("a step cannot be settled as {0}: say done or failed")]
    NotAnEnd(Outcome),
    /// The store itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PeopleError {
    pub(crate) fn not_waiting(run: &str, step: &str, status: StepStatus) -> Self {
        Self::NotWaiting { run: run.to_owned(), step: step.to_owned(), status: status.as_str() }
    }

    pub(crate) fn not_unknown(run: &str, step: &str, status: StepStatus) -> Self {
        Self::NotUnknown { run: run.to_owned(), step: step.to_owned(), status: status.as_str() }
    }
}

/// Why a transaction for people was given up, before the caller says what it was doing.
pub(crate) enum GivenUp {
    /// They are refused.
    Refused(PeopleError),
    /// The store failed.
    Failed(Fault),
}

impl GivenUp {
    /// What people are told.
    pub(crate) fn doing(self, doing: &'static str) -> PeopleError {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Failed(fault) => fault.doing(doing).into(),
        }
    }
}

impl From<PeopleError> for GivenUp {
    fn from(refusal: PeopleError) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for GivenUp {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<sqlx::Error> for GivenUp {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}
