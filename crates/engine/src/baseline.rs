//! Baselines: computed once, remembered, and frozen in the store so that they never change unseen.
//!
//! A fixed baseline (a whole source or a range) is frozen by the first tick that is judged with it, or by command. From
//! then on a check is answered from the digest; what the digest does not hold is read from the data, as long as that
//! is still the data that was frozen. One that moves with the window (`offset`) is read anew every time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use watchkeeper_model::Name;

use crate::ports::{checker::Checker, clock::Clock, frame::Sources, store::Store};

mod fingerprint;
mod freeze;
mod known;
mod memory;
mod origin;
mod remembered;
mod replay;
mod spread;
mod state;

pub use freeze::BaselineError;
use known::KnownBaseline;
pub(crate) use known::{OpenBaseline, at_tick};
pub(crate) use memory::Memory;
pub(crate) use remembered::replayed;
pub(crate) use replay::{RecordingScan, SCAN_BYTES_MAX};
pub use state::BaselineState;

/// What the engine compares with.
pub(crate) struct Baselines {
    sources: Arc<dyn Sources>,
    store: Arc<dyn Store>,
    checker: Arc<dyn Checker>,
    clock: Arc<dyn Clock>,
    /// What is remembered of fixed baselines, by monitor.
    known: Mutex<BTreeMap<Name, Arc<KnownBaseline>>>,
}

impl Baselines {
    pub(crate) fn new(
        sources: Arc<dyn Sources>,
        store: Arc<dyn Store>,
        checker: Arc<dyn Checker>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { sources, store, checker, clock, known: Mutex::default() }
    }
}
