//! Why the store did not do what people asked for: it refuses, or it failed.

use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{GateState, Name, NoAnswer, Outcome, StepStatus};

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
    /// It was started before.
    #[error("step {1} of run {0} was asked for already: it waits for an agreement, `watchkeeper approve {0} {1}`")]
    AskedAlready(String, String),
    /// It ended; another attempt is to be asked for as such.
    #[error("step {1} of run {0} is {2} already: `watchkeeper step {0} {1} --again` makes another attempt")]
    OnlyAgain(String, String, &'static str),
    /// Nobody knows whether it ran.
    #[error(
        "it is not known whether step {1} of run {0} ran: find out, then say `watchkeeper settle {0} {1} done|failed`"
    )]
    SettleFirst(String, String),
    /// The incident is over.
    #[error("incident {2} is over, so step {1} of run {0} is not needed (it has no `after_resolve = true`)")]
    Over(String, String, String),
    /// The answer does not count, and why.
    #[error("step {step} of run {run} cannot be answered: {why}")]
    NotAnswered {
        /// The run.
        run: String,
        /// The step.
        step: String,
        /// Why.
        #[source]
        why: NoAnswer,
    },
    /// It cannot be taken back, and why.
    #[error("step {step} of run {run} cannot be undone: {why}")]
    NotUndone {
        /// The run.
        run: String,
        /// The step.
        step: String,
        /// Why.
        why: String,
    },
    /// The team owns the incident already.
    #[error("incident {0} is {1}'s already")]
    OwnerAlready(String, Name),
    /// There is no such incident state to go back from.
    #[error("incident {id} is {state}: only an acknowledged one can be given back")]
    NotAcknowledged {
        /// The incident.
        id: String,
        /// Where it stands.
        state: &'static str,
    },
    /// There is no such silence, or it is over.
    #[error("silence {0} is over already")]
    SilenceOver(String),
    /// A token has that name.
    #[error("there is a token {0} already: revoke it first, or choose another name")]
    TokenThere(String),
    /// It is not any more what it was when they looked.
    #[error("gate {gate} changed meanwhile: it is {state} now, set by {by}")]
    GateMoved {
        /// The gate.
        gate: Name,
        /// As it is now.
        state: GateState,
        /// Who set it; a hyphen when nobody did.
        by: String,
    },
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

    pub(crate) fn not_answered(run: &str, step: &str, why: NoAnswer) -> Self {
        Self::NotAnswered { run: run.to_owned(), step: step.to_owned(), why }
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
