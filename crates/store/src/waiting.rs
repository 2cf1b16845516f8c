//! Waiting: what is to become durable, in the order of its coming.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as Turn, oneshot};
use watchkeeper_engine::ports::store::{Claim, Recorded};
use watchkeeper_model::{GroupState, Labels, Name, Time, Verdict};

use crate::fault::Fault;

/// The most that is committed together: enough that the disk is not what limits, few enough that nobody waits long.
const TOGETHER_MAX: usize = 256;

/// What waits to become durable together.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    wanted: Mutex<VecDeque<Wanted>>,
    /// Whoever has it commits for all that wait.
    pub(crate) turn: Turn<()>,
}

/// A tick to claim.
#[derive(Debug, Clone)]
pub(crate) struct Tick {
    pub(crate) monitor: Name,
    pub(crate) scheduled_at: Time,
    pub(crate) now: Time,
}

/// A check that nothing follows from.
#[derive(Debug, Clone)]
pub(crate) struct Quiet {
    pub(crate) claim: Claim,
    pub(crate) verdict: Verdict,
    /// As it is kept.
    pub(crate) evaluation: String,
    /// The newest tick recorded when it was decided.
    pub(crate) newest: Option<Time>,
    /// New group states.
    pub(crate) states: Vec<(Labels, GroupState)>,
    /// When it was decided.
    pub(crate) at: Time,
}

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Fault>>;

#[derive(Debug)]
pub(crate) enum Wanted {
    Claim(Tick, Reply<Option<Claim>>),
    Quiet(Box<Quiet>, Reply<Recorded>),
}

impl Wanted {
    fn monitor(&self) -> &Name {
        match self {
            Self::Claim(tick, _) => &tick.monitor,
            Self::Quiet(quiet, _) => &quiet.claim.monitor,
        }
    }

    /// Nobody waits for it any more.
    fn is_given_up(&self) -> bool {
        match self {
            Self::Claim(_, reply) => reply.is_closed(),
            Self::Quiet(_, reply) => reply.is_closed(),
        }
    }
}

impl Waiting {
    fn wanted(&self) -> MutexGuard<'_, VecDeque<Wanted>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts one at the end.
    pub(crate) fn push(&self, wanted: Wanted) {
        self.wanted().push_back(wanted);
    }

    /// The oldest that wait, one a monitor: two of one monitor depend on one another. They come in the order of their
    /// monitors' names, so that two replicas never wait for one another's rows.
    pub(crate) fn next(&self) -> Vec<Wanted> {
        let (mut batch, mut later, mut monitors) = (Vec::new(), VecDeque::new(), BTreeSet::new());
        let mut waiting = self.wanted();
        while batch.len() < TOGETHER_MAX {
            let Some(wanted) = waiting.pop_front() else { break };
            if wanted.is_given_up() {
                continue;
            }
            match monitors.insert(wanted.monitor().clone()) {
                true => batch.push(wanted),
                false => later.push_back(wanted),
            }
        }
        later.append(&mut waiting);
        *waiting = later;
        batch.sort_by(|one, other| one.monitor().cmp(other.monitor()));
        batch
    }
}
